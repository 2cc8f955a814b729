// Which values a fit may vary: chosen at their sliders.

import type { FitParameter } from "../messages";
import { type DriveLook, weightPaths } from "../model/drives";
import { tidy } from "../model/format";
import type { Store } from "./store";

interface Lockable {
  name: string;
  path: string;
  low: number;
  high: number;
  value: number;
}

/** What a slider shows of the choice of its value. */
export function fitLock(store: Store, value: Lockable) {
  const all = store.fitParameters;
  const found = all.value.find((p) => p.paths.length === 1 && p.paths[0] === value.path);
  const range = found ?? around(value);
  const toggle = () => {
    const one: FitParameter = { name: value.path, paths: [value.path], ...range, scale: "linear", relative: false };
    all.value = found ? all.value.filter((p) => p !== found) : [...all.value, one];
  };
  return { chosen: found !== undefined, low: range.low, high: range.high, toggle };
}

/** The same for the strength of a drive: one factor on all its weights. */
export function strengthLock(store: Store, look: DriveLook) {
  const all = store.fitParameters;
  const name = `drives.${look.name}.strength`;
  const found = all.value.find((p) => p.name === name);
  const toggle = () => {
    const paths = weightPaths(store.setup.value, store.base.value, look.name);
    const one: FitParameter = { name, paths, low: 0.25, high: 4, scale: "log", relative: true };
    all.value = found ? all.value.filter((p) => p !== found) : [...all.value, one];
  };
  return { chosen: found !== undefined, low: found?.low ?? 0.25, high: found?.high ?? 4, toggle };
}

/** Half to double, within the slider. */
function around({ value, low, high }: Lockable): { low: number; high: number } {
  const span = value !== 0 ? Math.abs(value) / 2 : (high - low) / 4;
  const top = value > 0 ? 2 * value : value + span;
  return { low: tidy(Math.max(low, value - span)), high: tidy(Math.min(high, top)) };
}
