import type { DriveLook } from "../../model/drives";
import { type Tree, withValues } from "../../model/address";
import { useStudio } from "../../studio";
import { ValueSlider } from "../../ui/ValueSlider";
import { Until } from "./Until";

/** The sliders that say when a drive fires, by its kind. */
export function Timing({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const { duration } = store.setup.value;
  const of = (field: string) => `drives.${look.name}.${field}`;
  const tone = look.side;
  switch (look.kind) {
    case "evoked":
      return (
        <>
          <ValueSlider path={of("mu")} label="Arrival" meaning="Mean of the times at which the input arrives." low={0} high={duration} decimals={1} tone={tone} />
          <ValueSlider path={of("sigma")} label="Spread" meaning="Standard deviation of the times at which the input arrives." low={0} high={30} decimals={1} tone={tone} />
        </>
      );
    case "bursty":
      return (
        <>
          <ValueSlider path={of("rate")} label="Rate" low={1} high={100} decimals={1} tone={tone} />
          <ValueSlider path={of("start")} label="Start" low={0} high={duration} decimals={0} tone={tone} />
          <Until path={of("stop")} />
          <ValueSlider path={of("sigma")} label="Spread" low={0} high={50} decimals={1} tone={tone} />
          <ValueSlider path={of("n_spikes")} label="Spikes" low={1} high={10} tone={tone} fittable={false} />
          <ValueSlider path={of("interval")} label="Interval" low={1} high={50} decimals={1} tone={tone} />
        </>
      );
    case "poisson":
      return <Poisson look={look} />;
    default:
      return <Trains look={look} />;
  }
}

function Poisson({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const path = `drives.${look.name}.rate`;
  const rate = store.value(path);
  const single = typeof rate === "number";
  const paths = single ? { Rate: path } : each(path, rate as Tree);
  return (
    <>
      {Object.entries(paths).map(([label, p]) => (
        <ValueSlider key={p} path={p} label={label} unit="Hz" low={0} high={200} decimals={1} tone={look.side} />
      ))}
      <ValueSlider path={`drives.${look.name}.start`} label="Start" low={0} high={store.setup.value.duration} decimals={0} tone={look.side} />
      <Until path={`drives.${look.name}.stop`} />
    </>
  );
}

function each(path: string, rates: Tree): Record<string, string> {
  return Object.fromEntries(Object.keys(rates).map((name) => [name.replace("pyramidal", "pyr").replace("basket", "bask").replaceAll("_", " "), `${path}.${name}`]));
}

/** Spike times of one drive cell are typed; of several, they are counted. */
function Trains({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const path = `drives.${look.name}.trains`;
  const trains = (store.value(path) ?? []) as number[][];
  const n = trains.reduce((sum, train) => sum + train.length, 0);
  if (trains.length !== 1) return <p class="card-note">{n} spikes of {trains.length} cells at given times</p>;
  const take = (input: HTMLInputElement) => {
    const times = input.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    const good = times.every((t) => Number.isFinite(t) && t >= 0);
    if (good) store.edit(`${look.label} spike times`, (s) => withValues(s, store.base.value, { [path]: [times.sort((a, b) => a - b)] }));
    else input.value = trains[0].join(" ");
  };
  return (
    <label class="value" title="Times at which the drive fires, with spaces between them.">
      <span>Times, ms</span>
      <input class="text-field" aria-label={`${look.name}: spike times, ms`} value={trains[0].join(" ")} onChange={(e) => take(e.currentTarget)} />
    </label>
  );
}
