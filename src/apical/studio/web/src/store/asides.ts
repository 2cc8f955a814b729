// What a kept run does beside its dipole: asked of the server where it is not known, while the
// screen shows what it showed.

import { effect } from "@preact/signals";
import type { Structure } from "../messages";
import type { Tree } from "../model/address";
import { driveLooks } from "../model/drives";
import type { Received } from "../transport";
import { changeRun } from "./kept";
import { detailsOf } from "./receive";
import { mergedSpikes } from "./runs";
import type { Activity, KeptRun, Moment, View } from "./state";
import type { Store } from "./store";

/** A run that is made for a kept one. */
interface Aside {
  id: number;
  run: KeptRun;
  moment: Moment;
  parts: Omit<Activity, "details" | "current">;
}

/** Sees to it that all is known of the pinned run, whenever nothing else is to be done. */
export function followPinned(store: Store): () => void {
  const failed = new Set<string>();
  return effect(() => {
    const run = store.pinnedRun.value;
    const view = store.view.value;
    const idle = store.current.value && !store.hand.value && !store.sweep.value && !store.fit.value?.running;
    if (!run || !idle || isKnown(run, view) || failed.has(run.key)) return;
    queueMicrotask(() => ask(store, run, () => failed.add(run.key)));
  });
}

function isKnown({ activity }: KeptRun, view: View): boolean {
  const seen = activity?.details?.view;
  return !!seen && seen.electrodes === view.electrodes && (view.field !== "spectrogram" || seen.field === view.field);
}

function ask(store: Store, run: KeptRun, fail: () => void): void {
  const shape = store.shape.value;
  if (!shape) return;
  const { electrodes, field } = store.view.value;
  const moment = { setup: run.setup, view: { ...run.view, electrodes, field } };
  const id = store.nextId(moment);
  const { populations, sources, base } = shape;
  const parts = { populations, sources, looks: driveLooks(run.setup, base), spikes: null };
  const aside: Aside = { id, run, moment, parts };
  store.asides.set(id, (frame) => take(store, aside, frame, fail));
  store.refused(); // what is set is not what runs now
  store.transport.send({ type: "simulate", id, ...moment });
}

/** A frame that is not for the screen. */
function take(store: Store, aside: Aside, frame: Received, fail: () => void): void {
  const { head } = frame;
  const { parts } = aside;
  if (head.type === "structure") Object.assign(parts, partsOf(head, aside));
  else if (head.type === "chunk") parts.spikes = mergedSpikes(parts.spikes, head, frame);
  else if (head.type === "wrong") {
    fail();
    store.again();
  } else if (head.type === "done" && head.trials === aside.moment.setup.trials) {
    const { setup, view } = aside.moment;
    const details = detailsOf(head, frame, { setup, view }, setup.duration ?? 0);
    const spikes = parts.spikes && mergedSpikes(parts.spikes, null, frame);
    changeRun(store, aside.run.key, { activity: { ...parts, spikes, details, current: true } });
    // runs over a range ask for what is set when they end
    if (!store.sweep.value) store.again();
  }
}

function partsOf(head: Structure, { run }: Aside): Partial<Activity> {
  const sources = [...head.populations.map((p) => p.name), ...head.drives];
  return { populations: head.populations, sources, looks: driveLooks(run.setup, head.base as Tree) };
}
