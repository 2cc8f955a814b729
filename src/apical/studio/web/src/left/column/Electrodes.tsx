import type { Setup } from "../../messages";
import { parts, type Tree } from "../../model/address";
import { beside, contactsOf, newArray, type Point, withContacts } from "../../model/electrodes";
import { freeName, withoutPart, withPart } from "../../model/editing";
import { short, tidy } from "../../model/format";
import { placed, togglePlacing } from "../../right/column/placing";
import { useStudio } from "../../studio";
import { Button } from "../../ui/Button";
import { NumberField } from "../../ui/NumberField";

/** A straight, even row of electrodes from below. */
interface Shank {
  x: number;
  y: number;
  lowest: number;
  spacing: number;
  count: number;
}

const NEW = { lowest: -325, spacing: 150, count: 17 };
const FIELDS: [keyof Shank, string, string, number][] = [
  ["x", "x", "µm", 10], ["y", "y", "µm", 10], ["lowest", "Lowest", "µm", 25],
  ["spacing", "Spacing", "µm", 10], ["count", "Contacts", "", 1],
]; // prettier-ignore

/** Where potentials are recorded. */
export function Electrodes() {
  const { store } = useStudio();
  const base = store.base.value;
  const names = Object.keys(parts(store.setup.value, base, "electrodes"));
  const add = () => {
    const place = beside(store.shape.value?.somata ?? new Float32Array(), names.length);
    const shank = newArray(points({ ...NEW, ...place }));
    store.edit("Add a shank", (s) => withPart(s, "electrodes", freeShank(s, base), shank));
  };
  return (
    <div class="electrodes">
      {names.map((name) => (
        <ShankForm key={name} name={name} />
      ))}
      <Button label={names.length ? "One more row of electrodes" : "A row of electrodes through the column"} class="small" icon="plus" onClick={add}>
        electrodes
      </Button>
    </div>
  );
}

function ShankForm({ name }: { name: string }) {
  const studio = useStudio();
  const { store } = studio;
  const base = store.base.value;
  const positions = contactsOf(store.setup.value, base, name);
  const shank = shankOf(positions);
  const put = (field: keyof Shank, label: string) => (value: number) =>
    store.edit(
      `${name}: ${label} ${short(value)}`,
      (s) => withContacts(s, base, name, points({ ...shank!, [field]: value })),
      `electrodes.${name}.${field}`,
    );
  const remove = () => store.edit(`Remove ${name}`, (s) => withoutPart(s, base, "electrodes", name));
  return (
    <fieldset class="target shank">
      <legend>
        electrodes: {name}
        <Button
          label={`Place ${name} by clicking in the column`} icon="probe" kind="ghost" pressed={placed(studio) === name}
          onClick={() => togglePlacing(studio, name)}
        />
        <Button label={`Remove ${name}`} icon="close" kind="ghost" onClick={remove} />
      </legend>
      {!shank && <p class="block-note">{positions.length} electrodes at given points</p>}
      {shank &&
        FIELDS.map(([field, label, unit, step]) => (
          <div class="value" key={field}>
            <span>{label}</span>
            <NumberField
              label={`${name}: ${label}`} unit={unit} value={shank[field]} text={short(shank[field])} step={step}
              integer={field === "count"} minimum={field === "count" ? 1 : field === "spacing" ? 1 : undefined}
              maximum={field === "count" ? 64 : undefined} onChange={put(field, label)} onEnd={() => store.endGesture()}
            />
          </div>
        ))}
    </fieldset>
  );
}

function freeShank(setup: Setup, base: Tree): string {
  return "shank" in parts(setup, base, "electrodes") ? freeName(setup, base, "electrodes", "shank") : "shank";
}

function points({ x, y, lowest, spacing, count }: Shank): Point[] {
  return Array.from({ length: count }, (_, k) => [x, y, tidy(lowest + k * spacing, 9)]);
}

/** The row that points stand in; null if they stand otherwise. */
function shankOf(positions: Point[]): Shank | null {
  if (!positions.length) return null;
  const [x, y, lowest] = positions[0];
  const spacing = positions.length > 1 ? positions[1][2] - lowest : NEW.spacing;
  const shank = { x, y, lowest, spacing, count: positions.length };
  const alike = points(shank).every((p, k) => p.every((value, i) => Math.abs(value - positions[k][i]) < 1e-6));
  return alike ? shank : null;
}
