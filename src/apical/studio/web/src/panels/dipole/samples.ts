// Samples on the grid of the simulation.

import type { View } from "../../store/state";
import type { Values } from "./traces";

interface Sampled {
  time: Float64Array;
  values: Float64Array;
}

/** The array itself where every sample is known, else with null for what is not. */
export function known(row: ArrayLike<number>): Values {
  if (!row.length || !Number.isNaN(row[row.length - 1])) return row;
  return Array.from(row, (y) => (Number.isNaN(y) ? null : y));
}

/** A recording as the view shows it, at the times of the simulation; null where it is not. */
export function resampled(
  { time, values }: Sampled,
  { shift, factor }: Pick<View, "shift" | "factor">,
  grid: { n: number; dt: number },
): (number | null)[] {
  const out: (number | null)[] = new Array(grid.n).fill(null);
  let j = 0;
  for (let i = 0; i < grid.n; i++) {
    const t = i * grid.dt - shift;
    if (t < time[0] - 1e-9 || t > time[time.length - 1] + 1e-9) continue;
    while (j < time.length - 2 && time[j + 1] < t) j += 1;
    const span = time[j + 1] - time[j];
    const share = span > 0 ? Math.min(Math.max((t - time[j]) / span, 0), 1) : 0;
    out[i] = factor * (values[j] + share * ((values[j + 1] ?? values[j]) - values[j]));
  }
  return out;
}

/** Smallest and largest value between two times; null if there is none. */
export function extent(values: Values, dt: number, tmin: number, tmax: number): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  const end = Math.min(values.length - 1, Math.ceil(tmax / dt));
  for (let i = Math.max(0, Math.floor(tmin / dt)); i <= end; i++) {
    const y = values[i];
    if (y === null || Number.isNaN(y)) continue;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return low <= high ? [low, high] : null;
}
