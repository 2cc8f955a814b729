// Which lines the dipole panel draws, from what the store holds.

import type { Colours } from "../../plot/theme";
import { type Effect, effects } from "../../store/preview";
import type { Recording, Shape, View, Wave } from "../../store/state";
import type { Store } from "../../store/store";
import { known, resampled } from "./samples";

export type Values = ArrayLike<number | null>;

/** One line over the samples of the wave. */
export interface Trace {
  key: string;
  label: string;
  tone: keyof Colours;
  values: Values;
  width: number;
  dash?: number[];
  alpha?: number;
  /** what is after the fresh part is drawn weakly */
  ages?: boolean;
  /** an edge of the band over trials, which is filled up to the next trace */
  edge?: boolean;
  /** helpers neither move the axis nor appear in the legend */
  helper?: boolean;
}

/** Kept runs differ in shape as well as in colour. */
const DASHES = [[9, 2, 2, 2], [3, 2], [12, 3], [2, 3], [9, 3, 2, 3, 2, 3], [5, 5]];

/** All lines, those behind first. */
export function traces(store: Store, wave: Wave, hidden: ReadonlySet<string>): Trace[] {
  const grid = { n: wave.rows[0]?.length ?? 0, dt: wave.dt };
  const recording = recorded(store.recording.value, store.view.value, grid);
  const all = [
    ...band(store, wave),
    ...keptTraces(store, wave, grid),
    ...(recording ? [recording, residual(wave, recording)] : []),
    ...waveTraces(wave, store.shape.value),
    ...effects(store, wave).map(effectTrace),
    ...bestOfFit(store),
  ];
  return all.filter((trace) => trace.helper || !hidden.has(trace.key));
}

/** Simulated lines: parts first, the total above them. */
export function waveTraces(wave: Wave, shape: Shape | null): Trace[] {
  const parts = wave.names.slice(1).map((name, i): Trace => {
    const { label, tone } = partLook(name, shape, i);
    return { key: name, label, tone, values: known(wave.rows[i + 1]), width: 1.25, ages: true };
  });
  const total: Trace = {
    key: "total", label: "simulated", tone: "ink", values: known(wave.rows[0] ?? []), width: 2.25,
    ages: true,
  }; // prettier-ignore
  return [...parts, total];
}

/** Layers are told by their own colours; what is in none gets another. */
export function partLook(name: string, shape: Shape | null, i: number): Pick<Trace, "label" | "tone"> {
  const found = shape?.populations.find((p) => p.name === name);
  const alone = shape?.populations.filter((p) => p.dipole && p.layer === found?.layer).length === 1;
  const tones: Record<string, keyof Colours> = { L2: "l2", L5: "l5" };
  const tone = (alone && tones[found?.layer ?? ""]) || (`run-${i % 6}` as keyof Colours);
  const layer = found?.layer === "L2" ? "L2/3" : found?.layer;
  return { label: alone && layer ? layer : name.replaceAll("_", " "), tone };
}

function recorded(
  recording: Recording | null,
  view: View,
  grid: { n: number; dt: number },
): Trace | null {
  if (!recording) return null;
  const values = resampled(recording, view, grid);
  return { key: "recorded", label: "recorded", tone: "recorded", values, width: 1.75, dash: [6, 4] };
}

function residual(wave: Wave, recording: Trace): Trace {
  const total = wave.rows[0];
  const values = Array.from(recording.values, (y, i) => (y === null ? null : total[i] - y));
  return { key: "residual", label: "residual", tone: "faint", values, width: 1, dash: [1, 2] };
}

function keptTraces(store: Store, wave: Wave, grid: { n: number; dt: number }): Trace[] {
  const runs = store.kept.value.filter((run) => run.visible && run.wave.id !== wave.id);
  return runs.map((run) => ({
    key: run.key,
    label: run.name,
    tone: `run-${run.colour}` as keyof Colours,
    values: sameGrid(run.wave, grid),
    width: 1.25,
    dash: DASHES[run.colour % DASHES.length],
  }));
}

function sameGrid(wave: Wave, grid: { n: number; dt: number }): Values {
  const row = wave.rows[0];
  if (wave.dt === grid.dt && row.length === grid.n) return known(row);
  const time = Float64Array.from(row, (_, i) => i * wave.dt);
  const plain = { shift: 0, factor: 1 };
  return resampled({ time, values: Float64Array.from(row) }, plain, grid);
}

function band(store: Store, wave: Wave): Trace[] {
  const details = store.details.value;
  if (!details || details.id !== wave.id || details.band.length < 3) return [];
  const [, low, high] = details.band;
  const common = { label: "trials", tone: "ink" as const, width: 0, edge: true };
  return [
    { key: "band", values: high, ...common },
    { key: "band-low", values: low, ...common, helper: true },
  ];
}

function effectTrace(effect: Effect): Trace {
  const { key, values, ghost } = effect;
  return {
    key, label: key, tone: "ink", values, width: ghost ? 1 : 2, dash: ghost ? [1, 4] : [2, 4],
    alpha: ghost ? 0.55 : 1, helper: true,
  }; // prettier-ignore
}

function bestOfFit(store: Store): Trace[] {
  const fit = store.fit.value;
  if (!fit?.running || !fit.best) return [];
  return [{ key: "best", label: "best of fit", tone: "fit", values: known(fit.best), width: 2 }];
}
