// What frames of the server do to the store.

import { batch } from "@preact/signals";
import type {
  Begin, Chunk, Data, Done, FitDone, FitProgress, Hello, Sensitivity, Structure, Wrong,
} from "../messages"; // prettier-ignore
import { same, type Tree } from "../model/address";
import type { Received } from "../transport";
import { keepFit } from "./kept";
import { withPotentials } from "./potentials";
import { begun, chunked, completed, mergedSpikes } from "./runs";
import { sendModels } from "./models";
import { sendAgain } from "./session";
import type { Details, Moment, Wave } from "./state";
import type { Store } from "./store";

/** Takes a frame in; all that it changes is seen at once. */
export function receive(store: Store, frame: Received): void {
  batch(() => take(store, frame));
}

function take(store: Store, frame: Received): void {
  const head = frame.head;
  const aside = "id" in head ? store.asides.get(head.id) : undefined;
  if (aside) return aside(frame);
  switch (head.type) {
    case "hello":
      return hello(store, head);
    case "data":
      return data(store, head, frame);
    case "structure":
      return structure(store, head, frame);
    case "begin":
      return begin(store, head);
    case "chunk":
      return chunk(store, head, frame);
    case "done":
      return done(store, head, frame);
    case "trials":
      store.trialsDone.value = { done: head.done, trials: head.trials };
      return;
    case "sensitivity":
      return sensitivity(store, head, frame);
    case "wrong":
      return wrong(store, head);
    case "saying":
      store.saying.value = head.text;
      return;
    case "fit_progress":
      return fitProgress(store, head, frame);
    case "fit_done":
      return fitDone(store, head);
  }
}

function hello(store: Store, head: Hello): void {
  const before = store.hello.value;
  store.hello.value = head;
  const there = new Set(head.data.map((info) => info.key));
  const lost = store.recordings.value.filter((r) => !there.has(r.info.key));
  if (!before) begins(store, head, there);
  else void sendModels(store, store.uploads, before.models).then(() => sendAgain(store, lost)).then(() => store.again());
}

/** Begins, with a model that was dropped in once the server has it: it may have been started anew. */
function begins(store: Store, head: Hello, there: Set<string>): void {
  const begin = () => store.restore(beginning(store, head, there));
  const key = store.initial?.setup.model;
  const text = key && !head.models.some((m) => m.key === key) && store.uploads.get(key);
  if (text) void sendModels(store, [[key, text]]).finally(begin);
  else begin();
}

/** What the page begins with: a recording that is not here cannot be compared with. */
function beginning(store: Store, head: Hello, there: Set<string>): Moment {
  const { setup, view } = store.initial ?? head;
  return { setup, view: view.data === null || there.has(view.data) ? view : { ...view, data: null } };
}

function data(store: Store, head: Data, frame: Received): void {
  const time = Float64Array.from(frame.array("time") ?? []);
  const values = Float64Array.from(frame.array("values") ?? []);
  const others = store.recordings.value.filter((r) => r.info.key !== head.info.key);
  store.recordings.value = [...others, { info: head.info, time, values }];
}

function structure(store: Store, head: Structure, frame: Received): void {
  const sources = [...head.populations.map((p) => p.name), ...head.drives];
  // spikes count sources by number, which means another one now
  if (!same(sources, store.shape.value?.sources)) store.spikes.value = null;
  store.shape.value = {
    network: head.network as Tree,
    base: head.base as Tree,
    populations: head.populations,
    drives: head.drives,
    sources,
    segments: (frame.array("segments") ?? new Float32Array()) as Float32Array,
    segmentCell: (frame.array("segment_cell") ?? new Int32Array()) as Int32Array,
    somata: (frame.array("somata") ?? new Float32Array()) as Float32Array,
    population: (frame.array("population") ?? new Uint8Array()) as Uint8Array,
  };
}

function begin(store: Store, head: Begin): void {
  const moment = store.asked(head.id);
  if (!moment) return;
  store.wave.value = begun(store.wave.value, head, moment);
  store.warnings.value = head.warnings ?? [];
  const details = store.details.value;
  // while the hand moves, one run follows the other, and potentials stay as they are
  const fresh = details?.fresh ? Math.min(details.fresh, head.since) : head.since;
  if (details && fresh !== details.fresh) store.details.value = { ...details, fresh };
  store.progress.value = head.since / head.duration;
  store.trialsDone.value = null;
}

function chunk(store: Store, head: Chunk, frame: Received): void {
  const wave = shownAs(store, head);
  if (!wave) return;
  store.wave.value = chunked(wave, head, frame.rows("dipole") as Float32Array[]);
  store.spikes.value = mergedSpikes(store.spikes.value, head, frame);
  if (head.columns) store.details.value = withPotentials(store.details.value, head, frame, wave);
  store.progress.value = head.fraction;
}

/** The wave that a chunk belongs to; one that goes on in another view gets another number. */
function shownAs(store: Store, head: Chunk): Wave | null {
  const wave = store.wave.value;
  if (!wave || wave.id === head.id) return wave;
  const moment = store.asked(head.id);
  return moment?.setup === wave.setup ? { ...wave, ...moment, id: head.id, complete: false } : null;
}

function done(store: Store, head: Done, frame: Received): void {
  const moment = store.asked(head.id);
  const rows = frame.rows("dipole") as Float32Array[];
  const wave = completed(store.wave.value, head, rows, moment);
  if (!wave || !moment) return;
  const spikes = store.spikes.value;
  const wasCurrent = store.current.value;
  store.wave.value = wave;
  store.whole.value = wave;
  if (spikes) store.spikes.value = mergedSpikes(spikes, null, frame);
  store.details.value = detailsOf(head, frame, wave, wave.duration);
  store.progress.value = 1;
  store.saying.value = "";
  // only the first of several: later ones bring more trials of the same
  if (head.id === store.lastId && !wasCurrent) store.latency.value = store.since(head.id);
}

/** What a run says at its end. */
export function detailsOf(head: Done, frame: Received, { setup, view }: Moment, duration: number): Details {
  const rows = (name: string) => frame.rows(name) as Float32Array[];
  const array = (name: string) => (frame.array(name) ?? new Float32Array()) as Float32Array;
  return {
    id: head.id, setup, view, duration, trials: head.trials, bin: head.bin, spikes: head.spikes,
    seconds: head.seconds, hash: head.hash, scores: head.scores, rates: rows("rates"),
    lfp: rows("lfp"), csd: rows("csd"), depth: array("depth"),
    psdFrequency: array("psd_frequency"), psd: array("psd"), band: rows("band"),
    tfr: rows("tfr"), tfrFrequency: array("tfr_frequency"), electrodes: head.electrodes ?? "", fresh: 0,
  }; // prettier-ignore
}

function sensitivity(store: Store, head: Sensitivity, frame: Received): void {
  const slope = frame.array("slope") as Float32Array;
  const moment = store.asked(head.id);
  if (!moment) return;
  const others = store.slopes.value.filter((s) => s.path !== head.path && s.setup === moment.setup);
  store.slopes.value = [...others, { path: head.path, at: head.at, ...moment, slope }];
}

function wrong(store: Store, head: Wrong): void {
  if (head.id !== 0 && head.id < store.lastId) return; // the hand has gone on
  store.problems.value = head.problems;
  store.saying.value = "";
  store.refused();
}

function fitProgress(store: Store, head: FitProgress, frame: Received): void {
  const fit = store.fit.value;
  if (!fit || fit.id !== head.id) return;
  const best = frame.array("dipole") as Float32Array | null;
  store.fit.value = {
    ...fit, candidates: head.candidates, budget: head.budget, loss: head.loss,
    losses: head.losses.length ? [...head.losses] : fit.losses, left: head.left,
    values: head.values, best: best ?? fit.best,
  }; // prettier-ignore
}

function fitDone(store: Store, head: FitDone): void {
  const fit = store.fit.value;
  if (!fit || fit.id !== head.id) return;
  store.fit.value = {
    ...fit, running: false, candidates: head.candidates, loss: head.loss, values: head.values,
    left: null, why: head.why,
  }; // prettier-ignore
  keepFit(store, head);
}
