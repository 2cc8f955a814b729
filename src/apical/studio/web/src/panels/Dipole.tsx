import { useSignal } from "@preact/signals";
import type { KeptRun } from "../store/state";
import { useStudio } from "../studio";
import { Panel } from "../ui/Panel";
import { Beside } from "./Beside";
import { Legend } from "./dipole/Legend";
import { DipoleChart } from "./dipole/Chart";
import type { Span } from "./dipole/range";

/** The dipole over time: what is simulated, recorded and kept. */
export function Dipole() {
  const studio = useStudio();
  const { store, axis } = studio;
  const pinned = store.pinnedRun.value;
  const flipped = store.flipped.value ? pinned : null;
  const span = useSignal<Span | null>(null);
  const menu = [
    { label: "Whole run", hint: "0", action: () => axis.reset(), disabled: axis.zoom.value === null },
    { label: "Taller", hint: "+", action: () => (studio.gain.value *= 1.25) },
    { label: "Flatter", hint: "−", action: () => (studio.gain.value /= 1.25) },
    {
      label: "No window",
      action: () => store.editView("Window: all", (v) => ({ ...v, tmin: null, tmax: null })),
      disabled: store.view.value.tmin === null && store.view.value.tmax === null,
    },
  ];
  return (
    <Panel
      name="dipole"
      title="Current dipole"
      unit="nAm"
      note={flipped ? <Flipped run={flipped} /> : undefined}
      tools={<Legend />}
      menu={menu}
    >
      <Beside>{(shown) => <DipoleChart {...shown} span={span} />}</Beside>
    </Panel>
  );
}

function Flipped({ run }: { run: KeptRun }) {
  return <span class="flipped">B: {run.name}</span>;
}
