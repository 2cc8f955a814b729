// What a panel shows while a run goes: what is of it, and pale, what is of the run before.

import { type Axis, GUTTER } from "../plot/axis";
import type { Details } from "../store/state";
import type { Area } from "../ui/Canvas";

/** Draws once within what is of the run that goes, or is set, and once within the rest. */
export function inTwoParts(
  { ctx, width, height }: Area, axis: Axis, details: Details, current: boolean, draw: (fresh: boolean) => void,
): void {
  const [left, right] = [GUTTER.left, width - GUTTER.right];
  const edge = current ? right : Math.min(Math.max(axis.x(details.fresh, width), left), right);
  for (const [from, to, fresh] of [[left, edge, true], [edge, right, false]] as const) {
    if (from >= to) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, 0, to - from, height);
    ctx.clip();
    draw(fresh);
    ctx.restore();
  }
}
