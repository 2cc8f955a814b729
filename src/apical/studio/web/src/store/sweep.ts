// Runs over a range of one value, one after the other; a change by hand ends them.

import { effect } from "@preact/signals";
import { tidy } from "../model/format";
import type { Setup, Sweep } from "./state";
import type { Store } from "./store";

const RUNS = 9;

/** What is varied, and how a value is put in place. */
export interface Varied {
  label: string;
  unit: string;
  low: number;
  high: number;
  integer?: boolean;
  put: (setup: Setup, value: number) => Setup;
}

/** Runs from `low` to `high`; what is set stays as it is. */
export function startSweep(store: Store, { label, unit, low, high, integer, put }: Varied): void {
  const origin = store.setup.value;
  const values = spaced(low, high, integer ?? false);
  const members = values.map((value) => ({ value, setup: put(origin, value), wave: null, scores: null }));
  store.sweep.value = { label, unit, origin, members };
  let waits = ask(store, store.sweep.value, 0);
  let place = 0;
  const stop = effect(() => {
    const wave = store.wave.value;
    const sweep = store.sweep.peek();
    const goesOn = sweep?.origin === store.setup.value;
    if (!goesOn || !wave?.complete || wave.id !== waits) return goesOn ? undefined : queueMicrotask(() => stop());
    const scores = store.details.peek()?.scores ?? null;
    const next = sweep.members.map((member, i) => (i === place ? { ...member, wave, scores } : member));
    queueMicrotask(() => {
      store.sweep.value = { ...sweep, members: next };
      place += 1;
      if (place < next.length) waits = ask(store, sweep, place);
      else {
        stop();
        store.again();
      }
    });
    return undefined;
  });
}

/** Takes one of the values as the hand would have set it. */
export function takeMember(store: Store, { label, unit }: Sweep, member: Sweep["members"][number]): void {
  store.sweep.value = null;
  store.edit(`${label} → ${member.value} ${unit}`.trim(), () => member.setup);
}

/** Leaves the runs, whether they are complete or not. */
export function closeSweep(store: Store): void {
  store.sweep.value = null;
  store.again();
}

function ask(store: Store, { members }: Sweep, place: number): number {
  const moment = { setup: members[place].setup, view: store.view.value };
  const id = store.nextId(moment);
  store.refused(); // what is set is not what runs now
  store.transport.send({ type: "simulate", id, ...moment });
  return id;
}

function spaced(low: number, high: number, integer: boolean): number[] {
  const all = Array.from({ length: RUNS }, (_, i) => tidy(low + ((high - low) * i) / (RUNS - 1), 4));
  return integer ? [...new Set(all.map(Math.round))] : all;
}
