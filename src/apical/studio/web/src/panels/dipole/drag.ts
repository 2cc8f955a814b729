// A hand on a flag: the first direction it takes decides what it changes.

import type { DriveHandle } from "./handle";

/** What is held; a knob becomes `arrival` or `strength` with its first movement. */
export type Part = "knob" | "early" | "late" | "from" | "until" | "arrival" | "strength";

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
  const turn = turning(drive);
  const move = (e: PointerEvent) => {
    if (held === "knob") {
      const [dx, dy] = [Math.abs(e.clientX - from.x), Math.abs(e.clientY - from.y)];
      if (Math.max(dx, dy) < START) return;
      held = dx >= dy ? "arrival" : "strength";
      [x, y] = [e.clientX, e.clientY];
    }
    hold(held);
    const fine = e.shiftKey ? FINE : 1;
    turn(held, ((e.clientX - x) / perMs) * fine, ((y - e.clientY) / DOUBLE) * fine, e.shiftKey);
    [x, y] = [e.clientX, e.clientY];
  };
  const stop = () => {
    knob.removeEventListener("pointermove", move);
    knob.removeEventListener("pointerup", stop);
    knob.removeEventListener("pointercancel", stop);
    hold(null);
    drive.endGesture();
  };
  knob.addEventListener("pointermove", move);
  knob.addEventListener("pointerup", stop);
  knob.addEventListener("pointercancel", stop);
}

/** Adds up what a hand has moved, so that no rounding does. */
function turning(drive: DriveHandle) {
  let { arrival, height } = drive;
  let spread = drive.spread ?? 0;
  let until = drive.until ?? 0;
  return (held: Part, ms: number, up: number, fine: boolean) => {
    if (held === "arrival") drive.setArrival(grid((arrival += ms), fine));
    else if (held === "strength") drive.setHeight((height = drive.raised(height, up)));
    else if (held === "from") drive.setFrom(grid((arrival += ms), fine));
    else if (held === "until") drive.setUntil(grid((until += ms), fine));
    else drive.setSpread(grid((spread = Math.max(0, spread + (held === "late" ? ms : -ms))), fine));
  };
}

/** Tenths of a ms; hundredths with a fine hand. */
function grid(value: number, fine: boolean): number {
  const per = fine ? 100 : 10;
  return Math.round(value * per) / per;
}
