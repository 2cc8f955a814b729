import type { ReadonlySignal } from "@preact/signals";
import { contactsOf, placeOf } from "../../model/electrodes";
import { useStudio } from "../../studio";
import { Button } from "../../ui/Button";
import { arrayNames, carry, nudge, placed, togglePlacing } from "./placing";
import type { Projection } from "./projection";

/** Electrode arrays in the picture of the column; the one that is being placed can be dragged. */
export function Probes({ view }: { view: ReadonlySignal<Projection | null> }) {
  const studio = useStudio();
  if (!view.value) return null;
  const active = placed(studio);
  // the one that is being placed above the others
  const names = arrayNames(studio).sort((a, b) => Number(a === active) - Number(b === active));
  return (
    <svg class={`probes ${active === null ? "" : "placing"}`}>
      {names.map((name) => (
        <Probe key={name} name={name} view={view} active={name === active} />
      ))}
    </svg>
  );
}

function Probe({ name, view, active }: { name: string; view: ReadonlySignal<Projection | null>; active: boolean }) {
  const studio = useStudio();
  const { store } = studio;
  const points = contactsOf(store.setup.value, store.base.value, name);
  const seen = points.map((point) => view.value!.toPicture(point));
  const key = (event: KeyboardEvent) => {
    if (!nudge(studio, name, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const whole = { tabindex: 0, role: "slider" as const, "aria-valuetext": placeOf(points), "aria-valuenow": points[0][2], onKeyDown: key };
  return (
    <g
      class={`probe ${active ? "active" : ""}`} data-probe={name}
      aria-label={`${name}: arrow keys move it sideways and in height, Page Up and Down in depth; Shift finely`}
      {...(active ? whole : { role: "img" as const })}
    >
      <polyline points={seen.map(({ x, y }) => `${x},${y}`).join(" ")} />
      {seen.map(({ x, y }, i) => (
        <circle key={i} cx={x} cy={y} r={active ? 4.5 : 2} onPointerDown={(e) => active && carry(studio, () => view.value, name, i, e)} />
      ))}
    </g>
  );
}

/** Says what a click does while an array is being placed, and which one it is. */
export function PlacingNote() {
  const studio = useStudio();
  const active = placed(studio);
  if (active === null) return null;
  const names = arrayNames(studio);
  return (
    <p class="placing-note" role="status">
      <span>
        Click where <b>{active}</b> goes.
      </span>
      {names.length > 1 && (
        <select class="select small-select" aria-label="Electrode array that is placed" value={active} onChange={(e) => (studio.placing.value = e.currentTarget.value)}>
          {names.map((name) => (
            <option key={name} value={name} selected={name === active}>{name}</option>
          ))}
        </select>
      )}
      <Button label="Done (Escape)" class="small" onClick={() => (studio.placing.value = null)}>
        done
      </Button>
    </p>
  );
}

/** Begins and ends the placing of the array that is looked at. */
export function PlacingButton() {
  const studio = useStudio();
  const names = arrayNames(studio);
  if (!names.length) return null;
  const active = placed(studio);
  const { electrodes = "" } = studio.store.view.value;
  const name = active ?? (names.includes(electrodes) ? electrodes : names[0]);
  return (
    <Button
      label={active === null ? "Place electrodes in the column" : "End placing electrodes (Escape)"}
      kind="ghost" icon="probe" pressed={active !== null} onClick={() => togglePlacing(studio, name)}
    />
  );
}
