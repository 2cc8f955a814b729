import { useMemo } from "preact/hooks";
import { short, tidy } from "../model/format";
import { defaultOf, valueOf, withValues } from "../model/address";
import { describe } from "../model/schema";
import { useStudio } from "../studio";
import { fitLock } from "../store/locks";
import type { Moment } from "../store/state";
import type { Store } from "../store/store";
import { startSweep } from "../store/sweep";
import { Slider, type SliderProps } from "./Slider";

type Given = Partial<Omit<SliderProps, "value" | "onChange" | "path">>;

interface Props extends Given {
  /** address of a number in the network */
  path: string;
  label: string;
  /** whether fits may vary it */
  fittable?: boolean;
}

/** A slider on one value of the network; unit, meaning and bounds come from the schema. */
export function ValueSlider({ path, label, fittable = true, ...given }: Props) {
  const { store } = useStudio();
  const setup = store.setup.value;
  const base = store.base.value;
  const schema = store.hello.value?.schema;
  const network = store.shape.value?.network;
  const info = useMemo(() => describe(schema ?? {}, network ?? {}, path), [schema, network, path]);
  const value = Number(store.value(path) ?? 0);
  const normal = Number(defaultOf(setup, base, path) ?? value);
  const low = given.low ?? lowest(info.minimum, normal);
  const high = given.high ?? highest(info.maximum, normal, low);
  const unit = given.unit ?? info.unit;
  const whole = named(store, path, label);
  const change = (next: number) => {
    const name = ({ setup: before }: Moment) =>
      `${whole} ${short(Number(valueOf(before, base, path)))} → ${short(next)} ${unit}`.trim();
    store.edit(name, (s) => withValues(s, base, { [path]: next }), path);
  };
  const sweep = (from: number, to: number) =>
    startSweep(store, {
      label: whole, unit, low: from, high: to, integer: info.type === "integer",
      put: (s, next) => withValues(s, base, { [path]: next }),
    }); // prettier-ignore
  const fit = fittable ? fitLock(store, { name: label, path, low, high, value }) : undefined;
  return (
    <Slider
      {...given}
      label={label} unit={unit} meaning={given.meaning ?? info.text} value={value} normal={normal}
      low={low} high={high} integer={info.type === "integer"} minimum={info.minimum}
      maximum={info.maximum} open={info.open} path={path} fit={fit} onChange={change}
      onSweep={sweep}
    />
  );
}

/** In the history a value of a drive is told from those of others. */
function named(store: Store, path: string, label: string): string {
  const look = store.inputs.value.find(({ field, name }) => path.startsWith(`${field}.${name}.`));
  return look ? `${look.label} ${label.toLowerCase()}` : label;
}

function lowest(minimum: number | null, normal: number): number {
  if (minimum !== null) return minimum;
  return normal < 0 ? tidy(2 * normal, 2) : 0;
}

function highest(maximum: number | null, normal: number, low: number): number {
  if (maximum !== null && maximum < 1e5) return maximum;
  const guess = normal > 0 ? tidy(3 * normal, 2) : 1;
  return Math.max(guess, low + 1e-9);
}
