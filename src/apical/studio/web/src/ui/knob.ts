// How a pointer turns a value: at once where it is, finely with Shift, over a range with Alt.

export interface Range {
  low: number;
  high: number;
  /** least change; without it, about a 500th of the range */
  step?: number;
  scale?: "linear" | "log";
  integer?: boolean;
}

export interface Knob {
  range: () => Range;
  value: () => number;
  change: (value: number) => void;
  end: () => void;
  /** after a key or a wheel, which do not say when they have left */
  soon: () => void;
  sweep?: (low: number, high: number) => void;
}

const FINE = 0.1;

/** Where a value is along the track. */
export function position(range: Range, value: number): number {
  return range.scale === "log" ? Math.log10(Math.max(value, range.low)) : value;
}

/** The value at a position, on the grid of steps. */
export function stepped(range: Range, at: number, fine = false): number {
  if (range.scale === "log") return clamp(range, Number((10 ** at).toPrecision(fine ? 4 : 3)));
  const step = range.integer ? 1 : (range.step ?? (range.high - range.low) / 500) * (fine ? FINE : 1);
  return clamp(range, Number((Math.round(at / step) * step).toPrecision(9)));
}

export function clamp(range: Range, value: number): number {
  return Math.min(Math.max(value, range.low), range.high);
}

/** Follows the pointer from its press to its release. */
export function dragKnob(event: PointerEvent, knob: Knob): void {
  if (event.button !== 0) return;
  const input = event.currentTarget as HTMLInputElement;
  if (input.disabled) return;
  // the browser's own way knows neither Shift nor a finger that scrolls
  event.preventDefault();
  input.focus();
  input.setPointerCapture(event.pointerId);
  if (event.altKey && knob.sweep) return dragSweep(event, input, knob);
  let before = event.clientX;
  let at = position(knob.range(), clamp(knob.range(), knob.value()));
  const perPixel = () => width(knob.range()) / Math.max(input.clientWidth - 14, 1);
  const onThumb = Math.abs(thumb(input, knob.range(), at) - event.clientX) < 10;
  if (!onThumb && !event.shiftKey) {
    at = under(input, knob.range(), event.clientX);
    knob.change(stepped(knob.range(), at));
  }
  const move = (e: PointerEvent) => {
    at += (e.clientX - before) * perPixel() * (e.shiftKey ? FINE : 1);
    before = e.clientX;
    const next = stepped(knob.range(), at, e.shiftKey);
    if (next !== knob.value()) knob.change(next);
  };
  follow(input, move, knob.end);
}

function dragSweep(event: PointerEvent, input: HTMLInputElement, knob: Knob): void {
  const from = stepped(knob.range(), under(input, knob.range(), event.clientX));
  follow(input, () => {}, (e) => {
    const to = stepped(knob.range(), under(input, knob.range(), e.clientX));
    if (to !== from) knob.sweep!(Math.min(from, to), Math.max(from, to));
  });
}

function follow(input: HTMLElement, move: (e: PointerEvent) => void, end: (e: PointerEvent) => void): void {
  const stop = (e: PointerEvent) => {
    input.removeEventListener("pointermove", move);
    input.removeEventListener("pointerup", stop);
    input.removeEventListener("pointercancel", stop);
    end(e);
  };
  input.addEventListener("pointermove", move);
  input.addEventListener("pointerup", stop);
  input.addEventListener("pointercancel", stop);
}

function width(range: Range): number {
  return position(range, range.high) - position(range, range.low);
}

/** The thumb is 14 px wide and stays inside. */
function thumb(input: HTMLElement, range: Range, at: number): number {
  const box = input.getBoundingClientRect();
  return box.left + 7 + ((at - position(range, range.low)) / width(range)) * (box.width - 14);
}

function under(input: HTMLElement, range: Range, clientX: number): number {
  const box = input.getBoundingClientRect();
  const share = (clientX - box.left - 7) / (box.width - 14);
  const low = position(range, range.low);
  return Math.min(Math.max(low + share * width(range), low), low + width(range));
}
