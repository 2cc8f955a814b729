// The one time axis and crosshair of all panels in the centre.

import { computed, signal } from "@preact/signals";
import type { Store } from "../store/store";

/** Space at the left and right of every plot in the centre, in px; equal, so that times line up. */
export const GUTTER = { left: 64, right: 14 };
const MIN_SPAN = 2;

/** The shown range of time, and the time under the pointer; ms. */
export class Axis {
  /** null: the whole run */
  readonly zoom = signal<{ tmin: number; tmax: number } | null>(null);
  /** time under the pointer, wherever in the centre it is */
  readonly cross = signal<number | null>(null);
  /** time that was clicked, or that is playing; it stays when the pointer leaves */
  readonly pin = signal<number | null>(null);
  readonly now = computed(() => this.cross.value ?? this.pin.value);
  readonly tmin = computed(() => this.zoom.value?.tmin ?? 0);
  readonly tmax = computed(() => this.zoom.value?.tmax ?? this.end.value);
  readonly end = computed(() => this.store.setup.value.duration);

  constructor(private readonly store: Store) {}

  /** Horizontal position of a time in a plot `width` px wide, gutters included. */
  x(time: number, width: number): number {
    const inner = width - GUTTER.left - GUTTER.right;
    return GUTTER.left + ((time - this.tmin.value) / (this.tmax.value - this.tmin.value)) * inner;
  }

  /** Time at a horizontal position. */
  time(x: number, width: number): number {
    const inner = width - GUTTER.left - GUTTER.right;
    return this.tmin.value + ((x - GUTTER.left) / inner) * (this.tmax.value - this.tmin.value);
  }

  /** Shows `factor` times the range, with `centre` where it is. */
  zoomBy(factor: number, centre = this.now.value ?? (this.tmin.value + this.tmax.value) / 2): void {
    const before = centre - this.tmin.value;
    const after = this.tmax.value - centre;
    this.show(centre - before * factor, centre + after * factor);
  }

  /** Moves the range by a share of itself. */
  pan(share: number): void {
    const span = this.tmax.value - this.tmin.value;
    const from = Math.min(Math.max(this.tmin.value + share * span, 0), this.end.value - span);
    this.show(from, from + span);
  }

  show(tmin: number, tmax: number): void {
    const from = Math.max(0, tmin);
    const to = Math.min(this.end.value, tmax);
    if (to - from < MIN_SPAN) return;
    this.zoom.value = from <= 0 && to >= this.end.value ? null : { tmin: from, tmax: to };
  }

  reset(): void {
    this.zoom.value = null;
  }
}

/** Round numbers between two values, about one every `room` of `length` px. */
export function ticks(low: number, high: number, length: number, room: number): number[] {
  if (!(high > low)) return [];
  const raw = ((high - low) * room) / Math.max(length, room);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
