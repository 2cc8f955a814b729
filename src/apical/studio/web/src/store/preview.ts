// What a change will do to the wave, to first order, until the run itself is there.

import { same, valueOf } from "../model/address";
import { strength, weightPaths } from "../model/drives";
import type { Setup, Slope, Wave } from "./state";
import type { Store } from "./store";

/** A line beside the wave; ghosts show what ±10 % of a value would do. */
export interface Effect {
  key: string;
  values: (number | null)[];
  ghost: boolean;
}

interface Move {
  slope: Float32Array;
  by: number;
}

/** Least change (nAm) that is worth a line. */
const LEAST = 1e-3;
/** A change beyond this share of the wave's own size is no longer one that slopes can foretell. */
const FARTHEST = 0.7;
/** Ghosts: a share of the value, or ms of an arrival, whose tenth would be too far for a slope. */
const GHOST = 0.1;
const GHOST_TIME = 2;

/** Every effect to draw now: the preview of an unfinished change, or ghosts of the hovered value. */
export function effects(store: Store, shown: Wave): Effect[] {
  const whole = store.whole.value;
  if (!whole || whole.rows[0].length !== shown.rows[0]?.length) return [];
  const moves = previewed(store, whole);
  if (!moves.length) return ghosts(store, whole);
  // what has been computed needs no preview
  const from = shown.setup === store.setup.value ? shown.fresh : 0;
  if (tooFar(whole.rows[0], moves)) return [];
  return [{ key: "preview", values: moved(whole.rows[0], moves, from), ghost: false }];
}

/** The slopes that were taken where the wave was, in the way it is shown. */
function slopesOf(store: Store, wave: Wave): Slope[] {
  const { smooth, scale } = wave.view;
  return store.slopes.value.filter(
    ({ setup, view }) => setup === wave.setup && view.smooth === smooth && view.scale === scale,
  );
}

/** The moves since the wave; none if one of them has no slope. */
function previewed(store: Store, wave: Wave): Move[] {
  const { values: now, ...rest } = store.setup.value;
  const { values: before, ...restBefore } = wave.setup;
  if (store.setup.value === wave.setup || !same(rest, restBefore)) return [];
  const changed = Object.keys({ ...now, ...before }).filter((p) => !same(now[p], before[p]));
  const moves: Move[] = [];
  const left = new Set(changed);
  for (const slope of slopesOf(store, wave)) {
    const paths = pathsOf(store, slope).filter((path) => left.has(path));
    if (!paths.length) continue;
    moves.push({ slope: slope.slope, by: valueIn(store, slope, store.setup.value) - valueIn(store, slope, wave.setup) });
    for (const path of paths) left.delete(path);
  }
  return left.size ? [] : moves;
}

/** The addresses that a slope speaks of: a strength is one factor on many weights. */
function pathsOf(store: Store, { path }: Slope): string[] {
  const drive = driveOf(path);
  return drive === null ? [path] : weightPaths(store.setup.value, store.base.value, drive);
}

/** The value that a slope is over, in some setup; a strength is relative to where it was taken. */
function valueIn(store: Store, { path, at, setup: origin }: Slope, setup: Setup): number {
  const drive = driveOf(path);
  const base = store.base.value;
  if (drive === null) return setup === origin ? at : Number(valueOf(setup, base, path));
  return strength(setup, base, drive) / strength(origin, base, drive);
}

function driveOf(path: string): string | null {
  return /^drives\.(.+)\.strength$/.exec(path)?.[1] ?? null;
}

function ghosts(store: Store, wave: Wave): Effect[] {
  const slope = slopesOf(store, wave).find((s) => s.path === store.hovered.value);
  if (!slope || !store.current.value || store.hand.value) return [];
  const by = slope.path.endsWith(".mu") ? GHOST_TIME : GHOST * slope.at;
  return [by, -by].map((step) => ({
    key: step > 0 ? "more" : "less",
    values: moved(wave.rows[0], [{ slope: slope.slope, by: step }]),
    ghost: true,
  }));
}

/** Whether slopes would carry the wave where they no longer hold. */
function tooFar(row: Float32Array, moves: Move[]): boolean {
  let [size, most] = [0, 0];
  row.forEach((y, i) => {
    size = Math.max(size, Math.abs(y));
    most = Math.max(most, Math.abs(changeAt(moves, i)));
  });
  return most > FARTHEST * size;
}

function changeAt(moves: Move[], i: number): number {
  return moves.reduce((sum, move) => sum + move.by * (move.slope[i] ?? 0), 0);
}

/** The wave with the moves; null where nothing moves: the line itself is there. */
function moved(row: Float32Array, moves: Move[], from = 0): (number | null)[] {
  return Array.from(row, (y, i) => {
    if (i < from) return null;
    const change = changeAt(moves, i);
    return Math.abs(change) < LEAST ? null : y + change;
  });
}
