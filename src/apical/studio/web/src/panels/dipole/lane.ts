// Where knobs go that would lie on each other: beside, in the order of their times.

import { GUTTER } from "../../plot/axis";

const GAP = 2;

interface Knob {
  /** where its middle should be, and how wide it is; px */
  x: number;
  width: number;
}

/** Middles of knobs, pushed apart and kept within the plot; those that are not `inside` take no room. */
export function apart(knobs: Knob[], inside: boolean[], width: number): number[] {
  const places = knobs.map(({ x }) => x);
  const order = [...knobs.keys()].filter((i) => inside[i]).sort((a, b) => knobs[a].x - knobs[b].x);
  const distance = (i: number, j: number) => (knobs[i].width + knobs[j].width) / 2 + GAP;
  order.forEach((i, k) => {
    if (k > 0) places[i] = Math.max(places[i], places[order[k - 1]] + distance(order[k - 1], i));
  });
  for (let k = order.length - 1; k >= 0; k--) {
    const i = order[k];
    const limit = k < order.length - 1 ? places[order[k + 1]] - distance(i, order[k + 1]) : width - knobs[i].width / 2;
    places[i] = Math.max(Math.min(places[i], limit), Math.min(knobs[i].x, GUTTER.left));
  }
  return places;
}
