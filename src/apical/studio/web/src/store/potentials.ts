// How the potentials of a run take the place of those before, column by column.

import type { Chunk } from "../messages";
import type { Received } from "../transport";
import type { Details, Wave } from "./state";

/** What is known before the end of a first run. */
const NOTHING: Omit<Details, "setup" | "view" | "duration"> = {
  id: -1, trials: 1, bin: 1, spikes: 0, seconds: 0, hash: "", scores: null, rates: [], lfp: [], csd: [],
  depth: new Float32Array(), psdFrequency: new Float32Array(), psd: new Float32Array(), band: [],
  tfr: [], tfrFrequency: new Float32Array(), electrodes: "", fresh: 0,
}; // prettier-ignore

/** Details with the columns of a chunk in place. */
export function withPotentials(before: Details | null, head: Chunk, frame: Received, wave: Wave): Details {
  const { setup, view, duration } = wave;
  const { electrodes = "" } = head;
  const old = before?.duration === duration ? before : null;
  const depth = frame.array("depth") as Float32Array;
  const same = !!old && old.depth.length === depth.length && depth.every((z, i) => z === old.depth[i]);
  const rows = (name: "lfp" | "csd", each: number) => {
    const parts = frame.rows(name) as Float32Array[];
    const columns = head.columns * each;
    return parts.map((part, i) => {
      const known = same && old[name][i]?.length === columns;
      // a copy, because a kept run may hold the array of before
      const row = known ? old[name][i].slice() : new Float32Array(columns);
      row.set(part, head.column * each);
      return row;
    });
  };
  const come = (frame.rows("lfp")[0]?.length ?? 0) / 2;
  const fresh = ((head.column + come) / head.columns) * duration;
  return { ...(old ?? { ...NOTHING, setup, view, duration }), electrodes, lfp: rows("lfp", 2), csd: rows("csd", 1), depth, fresh };
}
