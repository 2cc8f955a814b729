// The values that a flag stands for, and what a hand does to them.

import { defaultOf, type Tree, valueOf, withValues } from "../../model/address";
import { type DriveLook, strength, withStrength } from "../../model/drives";
import { withPartReset } from "../../model/editing";
import { fixed, short, tidy } from "../../model/format";
import { firstOf, HANDLES, type Handles } from "../../model/handles";
import type { Moment, Setup } from "../../store/state";
import type { Store } from "../../store/store";

/** Ticks of bursts and given spikes at most. */
const MARKS = 200;
/** A current (nA) by which one that is zero is raised over the height of a doubling. */
const CURRENT = 0.1;

export class DriveHandle {
  readonly handles: Handles;

  constructor(
    readonly look: DriveLook,
    private readonly store: Store,
  ) {
    this.handles = HANDLES[look.kind];
  }

  path(field: string): string {
    return `${this.look.field}.${this.look.name}.${field}`;
  }

  /** Where the flag stands, ms. */
  get arrival(): number {
    const value = this.store.value(this.path(this.handles.arrival));
    return Array.isArray(value) ? firstOf(value as number[][]) : Number(value ?? 0);
  }

  get spread(): number | null {
    const { spread } = this.handles;
    return spread === undefined ? null : Number(this.store.value(this.path(spread)) ?? 0);
  }

  /** Where the window ends, ms; the end of the run if nothing is said. */
  get until(): number | null {
    const { until } = this.handles;
    if (until === undefined) return null;
    return Number(this.store.value(this.path(until)) ?? this.end);
  }

  /** A factor on all weights, or a current in nA. */
  get height(): number {
    const { strength: field } = this.handles;
    if (field) return Number(this.store.value(this.path(field)));
    return strength(this.store.setup.value, this.store.base.value, this.look.name);
  }

  get end(): number {
    return this.store.setup.value.duration;
  }

  /** Times of bursts, or of spikes, after the first. */
  get marks(): number[] {
    const value = this.store.value(this.path(this.handles.arrival));
    if (Array.isArray(value)) return (value as number[][]).flat().slice(0, MARKS);
    const rate = this.look.kind === "bursty" ? Number(this.store.value(this.path("rate"))) : 0;
    if (!(rate > 0)) return [];
    const last = Math.min(this.until ?? this.end, this.end);
    const count = Math.min(MARKS, Math.floor(((last - this.arrival) * rate) / 1000));
    return Array.from({ length: Math.max(count, 0) }, (_, k) => this.arrival + ((k + 1) * 1000) / rate);
  }

  /** All of it, in words. */
  get said(): string {
    const spread = this.spread === null ? "" : `spread ${fixed(this.spread, 1)} ms`;
    const until = this.until === null ? "" : `until ${fixed(this.until, 1)} ms`;
    return [`${fixed(this.arrival, 1)} ms`, spread, until, this.saidHeight].filter(Boolean).join(", ");
  }

  get saidHeight(): string {
    return this.handles.strength ? `${short(this.height, 3)} nA` : `strength × ${fixed(this.height, 2)}`;
  }

  /** Moves all of it in time: a window keeps its length. */
  setArrival(value: number): void {
    const { arrival, until, word } = this.handles;
    const next = tidy(Math.max(0, value), 6);
    const base = this.store.base.value;
    const name = this.#named(word, (setup) => this.#timeIn(setup, arrival), next);
    const change = (setup: Setup) => {
      const before = valueOf(setup, base, this.path(arrival));
      const by = next - this.#timeIn(setup, arrival);
      const values: Tree = { [this.path(arrival)]: Array.isArray(before) ? shifted(before as number[][], by) : next };
      const stop = until && valueOf(setup, base, this.path(until));
      if (typeof stop === "number") values[this.path(until!)] = tidy(stop + by, 6);
      return withValues(setup, base, values);
    };
    this.store.edit(name, change, this.path(arrival));
  }

  setSpread(value: number): void {
    this.#setTime(this.handles.spread!, "spread", Math.max(0, value));
  }

  /** Moves the beginning of the window alone. */
  setFrom(value: number): void {
    this.#setTime(this.handles.arrival, this.handles.word, Math.min(Math.max(0, value), this.until!));
  }

  /** Moves the end of the window; at the end of the run there is none. */
  setUntil(value: number): void {
    this.#setTime(this.handles.until!, "end", value >= this.end ? null : Math.max(value, this.arrival));
  }

  /** What the height becomes when a hand rises by so many doublings. */
  raised(height: number, doublings: number): number {
    if (!this.handles.strength) return height * 2 ** doublings;
    const usual = defaultOf(this.store.setup.value, this.store.base.value, this.path(this.handles.strength));
    return height + doublings * (Math.abs(Number(usual)) || CURRENT);
  }

  setHeight(value: number): void {
    const { store, look, handles } = this;
    const base = store.base.value;
    if (handles.strength) {
      const next = Number(value.toFixed(4));
      const path = this.path(handles.strength);
      const name = `${look.label} ${handles.strength} → ${short(next, 3)} nA`;
      store.edit(name, (setup) => withValues(setup, base, { [path]: next }), path);
      return;
    }
    const next = tidy(Math.max(0, value), 3);
    const name = ({ setup }: Moment) =>
      `${look.label} strength × ${fixed(strength(setup, base, look.name), 2)} → ${fixed(next, 2)}`;
    store.edit(name, (setup) => withStrength(setup, base, look.name, next), this.path("strength"));
  }

  hover(field: string | undefined | null): void {
    this.store.hovered.value = field ? this.path(field) : null;
  }

  /** Back to the model's own times and weights. */
  reset(): void {
    const { store, look, handles } = this;
    const base = store.base.value;
    const setup = store.setup.value;
    store.endGesture();
    if (look.field === "biases") {
      store.edit(`${look.label} as in the model`, (s) => withPartReset(s, look.field, look.name));
      return;
    }
    const fields = [handles.arrival, handles.spread, handles.until].filter((field) => field !== undefined);
    const times = Object.fromEntries(fields.map((field) => [this.path(field), defaultOf(setup, base, this.path(field))]));
    store.edit(`${look.label} as in the model`, (s) => withStrength(withValues(s, base, times), base, look.name, 1));
  }

  endSoon(): void {
    this.store.endSoon();
  }

  endGesture(): void {
    this.store.endGesture();
  }

  #setTime(field: string, word: string, value: number | null): void {
    const next = value === null ? null : tidy(value, 6);
    const path = this.path(field);
    const base = this.store.base.value;
    const name = this.#named(word, (setup) => this.#timeIn(setup, field), next ?? this.end);
    this.store.edit(name, (setup) => withValues(setup, base, { [path]: next }), path);
  }

  #timeIn(setup: Setup, field: string): number {
    const value = valueOf(setup, this.store.base.value, this.path(field));
    return Array.isArray(value) ? firstOf(value as number[][]) : Number(value ?? this.end);
  }

  #named(word: string, before: (setup: Setup) => number, next: number) {
    return ({ setup }: Moment) => `${this.look.label} ${word} ${fixed(before(setup), 1)} → ${fixed(next, 1)} ms`;
  }
}

function shifted(trains: number[][], by: number): number[][] {
  return trains.map((train) => train.map((t) => tidy(t + by, 9)));
}
