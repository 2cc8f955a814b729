import { useRef } from "preact/hooks";
import { takeFiles } from "../files/take";
import type { Recording } from "../store/state";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Slider } from "../ui/Slider";
import { short } from "../model/format";

/** Recordings, and how the waves are shown over them. */
export function Data() {
  const studio = useStudio();
  const { store } = studio;
  const input = useRef<HTMLInputElement>(null);
  const choose = (event: Event & { currentTarget: HTMLInputElement }) => {
    const files = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = "";
    void takeFiles(studio, files);
  };
  return (
    <section class="block" aria-label="Recorded data">
      <header class="block-head">
        <h2>Recorded data</h2>
        <Button label="Choose files: recordings, models, sessions" class="small" icon="file" onClick={() => input.current?.click()}>
          open
        </Button>
        <input ref={input} class="hidden-text data-input" type="file" multiple tabIndex={-1} aria-label="Files to open" onChange={choose} />
      </header>
      {store.recordings.value.map((recording) => (
        <Entry key={recording.info.key} recording={recording} />
      ))}
      {!store.recordings.value.length && (
        <button type="button" class="drop-zone" onClick={() => input.current?.click()}>
          Drop a file anywhere, or click. Columns: time in ms, moment in nAm.
        </button>
      )}
      <ViewForm />
    </section>
  );
}

function Entry({ recording }: { recording: Recording }) {
  const studio = useStudio();
  const { store } = studio;
  const { info } = recording;
  const chosen = store.view.value.data === info.key;
  const choose = () =>
    store.editView(chosen ? `Hide ${info.name}` : `Compare with ${info.name}`, (v) => ({ ...v, data: chosen ? null : info.key }));
  const remove = async () => {
    if (chosen) store.editView(`Remove ${info.name}`, (v) => ({ ...v, data: null }));
    store.recordings.value = store.recordings.value.filter((r) => r.info.key !== info.key);
    await studio.transport.request("DELETE", "data", { key: info.key });
  };
  return (
    <div class={`recording ${chosen ? "chosen" : ""}`}>
      <button type="button" class="recording-name" aria-pressed={chosen} title={chosen ? "Hide it" : "Compare with it"} onClick={choose}>
        <strong>{info.name}</strong>
        <span>
          {info.samples} samples, {short(info.tmin, 3)}–{short(info.tmax, 4)} ms
        </span>
      </button>
      <Button label={`Remove ${info.name}`} icon="close" kind="ghost" onClick={() => void remove()} />
    </div>
  );
}

const NONE = "None of it changes the simulation.";

/** Smoothing and scale of the simulation; time and size of the recording. */
function ViewForm() {
  const { store } = useStudio();
  const view = store.view.value;
  const normal = store.hello.value?.view ?? view;
  const put = (name: "smooth" | "scale" | "shift" | "factor", label: string, unit: string) => (value: number) =>
    store.editView(`${label} ${short(value)} ${unit}`, (v) => ({ ...v, [name]: value }), `view.${name}`);
  return (
    <div class="view-form">
      <Slider
        label="Smooth" unit="ms" low={0} high={60} minimum={0} maximum={1000} decimals={0} value={view.smooth} normal={normal.smooth}
        meaning={`Hamming window over the simulated dipole. ${NONE}`} onChange={put("smooth", "Smooth", "ms")}
      />
      <Slider
        label="Columns" prefix="×" scale="log" low={1} high={100_000} minimum={1e-6} value={view.scale} normal={normal.scale}
        meaning={`How many columns act together: a factor on the simulated dipole. ${NONE}`} onChange={put("scale", "Columns ×", "")}
      />
      {view.data && (
        <Slider
          label="Shift" unit="ms" low={-50} high={50} decimals={1} value={view.shift} normal={0}
          meaning="Added to the times of the recording." onChange={put("shift", "Shift", "ms")}
        />
      )}
      {view.data && (
        <Slider
          label="Size" prefix="×" scale="log" low={0.1} high={10} minimum={1e-9} decimals={2} value={view.factor} normal={1}
          meaning="A factor on the recording." onChange={put("factor", "Size ×", "")}
        />
      )}
    </div>
  );
}
