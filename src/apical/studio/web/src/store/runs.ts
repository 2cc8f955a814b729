// How the wave and the spikes of a run take the place of those before, piece by piece.

import type { Begin, Chunk, Done } from "../messages";
import type { Received } from "../transport";
import type { Moment, Spikes, Wave } from "./state";

/** The wave at the start of a run: what is before `since` stands, what follows is of the run before. */
export function begun(before: Wave | null, head: Begin, moment: Moment): Wave {
  const n = samples(head.duration, head.dt);
  const fits = before && before.dt === head.dt;
  const rows = fits ? before.rows.map((row) => resized(row, n)) : [];
  return {
    id: head.id,
    setup: moment.setup,
    view: moment.view,
    dt: head.dt,
    duration: head.duration,
    names: fits ? before.names : [],
    rows,
    fresh: rows.length ? Math.round(head.since / head.dt) : 0,
    complete: false,
  };
}

function samples(duration: number, dt: number): number {
  return Math.round(duration / dt) + 1;
}

function resized(row: Float32Array, n: number): Float32Array {
  if (row.length === n) return row;
  const out = new Float32Array(n).fill(Number.NaN);
  out.set(row.subarray(0, n));
  return out;
}

/** The wave with a stretch of the run in place. */
export function chunked(wave: Wave, head: Chunk, parts: Float32Array[]): Wave {
  const n = samples(wave.duration, wave.dt);
  const known = wave.names.length === head.names.length && wave.names.every((m, i) => m === head.names[i]);
  const rows = parts.map((part, i) => {
    // a copy, because a kept run may hold the array of before
    const row = known ? wave.rows[i].slice() : new Float32Array(n).fill(Number.NaN);
    row.set(part.subarray(0, n - head.first), head.first);
    return row;
  });
  const fresh = head.first + (parts[0]?.length ?? 0);
  return { ...wave, names: head.names, rows, fresh };
}

/** The whole wave of a run, or of another way to look at it. */
export function completed(
  before: Wave | null,
  head: Done,
  rows: Float32Array[],
  moment: Moment | undefined,
): Wave | null {
  if (!moment || rows.length === 0) return null;
  const { setup, view } = moment;
  const fresh = rows[0].length;
  const own = before?.id === head.id ? before : null;
  const duration = own?.duration ?? setup.duration;
  const dt = own?.dt ?? duration / Math.max(fresh - 1, 1);
  return { id: head.id, setup, view, dt, duration, names: head.names, rows, fresh, complete: true };
}

/** The spikes with those of a chunk in place; at the end (no chunk) what was of before goes. */
export function mergedSpikes(before: Spikes | null, head: Chunk | null, frame: Received): Spikes {
  const time = frame.array("spike_time") as Float32Array | null;
  const old = before ?? NONE;
  if (!time) return head ? old : only(old, (t) => t <= old.until, Infinity);
  const since = head?.since ?? -Infinity;
  const until = head?.time ?? Infinity;
  const rest = only(old, (t) => t <= since || t > until, until);
  return {
    time: joined(Float32Array, rest.time, time),
    source: joined(Uint16Array, rest.source, frame.array("spike_source") as Uint16Array),
    cell: joined(Int32Array, rest.cell, frame.array("spike_cell") as Int32Array),
    until,
  };
}

const NONE: Spikes = {
  time: new Float32Array(),
  source: new Uint16Array(),
  cell: new Int32Array(),
  until: 0,
};

function only(spikes: Spikes, keep: (time: number) => boolean, until: number): Spikes {
  const indices: number[] = [];
  spikes.time.forEach((t, i) => keep(t) && indices.push(i));
  return {
    time: Float32Array.from(indices, (i) => spikes.time[i]),
    source: Uint16Array.from(indices, (i) => spikes.source[i]),
    cell: Int32Array.from(indices, (i) => spikes.cell[i]),
    until,
  };
}

function joined<T extends Float32Array | Uint16Array | Int32Array>(
  Kind: new (n: number) => T,
  a: T,
  b: T,
): T {
  const out = new Kind(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
