// How bright each cell is at some time: full at its spike, gone a few ms later.

import type { Shape, Spikes } from "../../store/state";
import { firstCells } from "./places";

const FLASH = 4;

/** Brightness of every cell, 0 to 1, at a time in ms. */
export function flashes(shape: Shape, spikes: Spikes | null, now: number | null): Float32Array {
  const bright = new Float32Array(shape.population.length);
  if (now === null || !spikes) return bright;
  const first = firstCells(shape);
  for (let i = 0; i < spikes.time.length; i++) {
    const age = now - spikes.time[i];
    const start = first[spikes.source[i]];
    if (age < 0 || age > FLASH || start === undefined) continue;
    const cell = start + spikes.cell[i];
    bright[cell] = Math.max(bright[cell], 1 - age / FLASH);
  }
  return bright;
}
