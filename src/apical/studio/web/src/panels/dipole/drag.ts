// A hand on a flag: the first direction it takes decides what it changes.

import type { DriveHandle } from "./Flags";

/** What is held; a knob becomes `arrival` or `strength` with its first movement. */
export type Part = "knob" | "early" | "late" | "arrival" | "strength";

/** Least movement (px), and the height over which the strength doubles. */
const START = 4;
const DOUBLE = 90;
const FINE = 0.1;

export function dragFlag(
  event: PointerEvent,
  part: Part,
  drive: DriveHandle,
  perMs: number,
  hold: (part: Part | null) => void,
): void {
  if (event.button !== 0) return;
  event.preventDefault();
  event.stopPropagation();
  const knob = event.currentTarget as HTMLElement;
  knob.focus();
  knob.setPointerCapture(event.pointerId);
  const from = { x: event.clientX, y: event.clientY };
  let held = part;
  let [x, y] = [from.x, from.y];
  let { mu, sigma, factor } = drive;
  const move = (e: PointerEvent) => {
    if (held === "knob") {
      const [dx, dy] = [Math.abs(e.clientX - from.x), Math.abs(e.clientY - from.y)];
      if (Math.max(dx, dy) < START) return;
      held = dx >= dy ? "arrival" : "strength";
      [x, y] = [e.clientX, e.clientY];
    }
    hold(held);
    const fine = e.shiftKey ? FINE : 1;
    const ms = ((e.clientX - x) / perMs) * fine;
    const up = ((y - e.clientY) / DOUBLE) * fine;
    [x, y] = [e.clientX, e.clientY];
    if (held === "arrival") drive.setTime("mu", grid((mu += ms), e.shiftKey));
    else if (held === "strength") drive.setFactor((factor *= 2 ** up));
    else drive.setTime("sigma", grid((sigma = Math.max(0, sigma + (held === "late" ? ms : -ms))), e.shiftKey));
  };
  const stop = () => {
    knob.removeEventListener("pointermove", move);
    knob.removeEventListener("pointerup", stop);
    knob.removeEventListener("pointercancel", stop);
    hold(null);
    drive.end();
  };
  knob.addEventListener("pointermove", move);
  knob.addEventListener("pointerup", stop);
  knob.addEventListener("pointercancel", stop);
}

/** Tenths of a ms; hundredths with a fine hand. */
function grid(value: number, fine: boolean): number {
  const per = fine ? 100 : 10;
  return Math.round(value * per) / per;
}
