// Runs that were kept to compare with.

import { batch } from "@preact/signals";
import type { FitDone, FitParameter, StartFit } from "../messages";
import type { KeptRun } from "./state";
import type { Store } from "./store";

const COLOURS = 6;

/** Keeps the run on the screen, under a name that no other has. */
export function keepRun(store: Store, stem = "run", note = ""): KeptRun | null {
  const wave = store.wave.value;
  if (!wave?.complete) return null;
  const runs = store.kept.value;
  const run: KeptRun = {
    key: freeKey(runs),
    name: freeName(runs, stem),
    colour: freeColour(runs),
    visible: true,
    setup: wave.setup,
    view: wave.view,
    wave,
    activity: store.details.value?.id === wave.id ? store.activity.value : null,
    scores: store.details.value?.id === wave.id ? store.details.value.scores : null,
    note,
  };
  store.kept.value = [...runs, run];
  store.pinned.value ??= run.key;
  return run;
}

/** Changes what is said of a kept run. */
export function changeRun(store: Store, key: string, change: Partial<KeptRun>): void {
  store.kept.value = store.kept.value.map((run) => (run.key === key ? { ...run, ...change } : run));
}

/** Renames a run; a taken name gets a number. */
export function renameRun(store: Store, key: string, name: string): void {
  const others = store.kept.value.filter((run) => run.key !== key);
  const taken = others.some((run) => run.name === name);
  changeRun(store, key, { name: taken ? freeName(others, name) : name });
}

/** Forgets a run, and returns what puts it back. */
export function deleteRun(store: Store, key: string): () => void {
  const before = store.kept.value;
  const pinned = store.pinned.value;
  batch(() => {
    store.kept.value = before.filter((run) => run.key !== key);
    if (pinned === key) store.pinned.value = store.kept.value.at(-1)?.key ?? null;
  });
  return () => {
    store.kept.value = before;
    store.pinned.value = pinned;
  };
}

/** Goes back to what a kept run was made of. */
export function loadRun(store: Store, run: KeptRun): void {
  store.edit(`Back to ${run.name}`, () => run.setup);
}

/** Starts a fit; what is on the screen is where it begins. */
export function startFit(store: Store, options: Omit<StartFit, "type" | "id" | "setup" | "view">): void {
  const setup = store.setup.value;
  const view = store.view.value;
  const id = store.nextId({ setup, view });
  keepRun(store, "before fit");
  store.fit.value = {
    id, running: true, parameters: options.parameters as FitParameter[], candidates: 0,
    budget: options.budget, trials: options.trials, loss: null, losses: [], left: null, values: {}, best: null,
    dt: store.wave.value?.dt ?? setup.dt, why: "",
  }; // prettier-ignore
  store.transport.send({ type: "fit", id, setup, view, ...options });
}

export function stopFit(store: Store): void {
  store.transport.send({ type: "stop_fit" });
}

/** The best of a fit becomes what is set; it is kept as soon as its run is complete. */
export function keepFit(store: Store, head: FitDone): void {
  store.editBoth("Fit", ({ view }) => ({ setup: head.setup, view: head.scale === null || head.scale === view.scale ? view : { ...view, scale: head.scale } }));
  const setup = store.setup.value;
  const stop = store.current.subscribe((current) => {
    if (!current || store.wave.value?.setup !== setup) return;
    queueMicrotask(() => {
      stop();
      keepRun(store, "fit", `${head.candidates} simulation${head.candidates === 1 ? "" : "s"}`);
    });
  });
}

function freeKey(runs: KeptRun[]): string {
  return `k${1 + Math.max(0, ...runs.map((run) => Number(run.key.slice(1))))}`;
}

function freeName(runs: KeptRun[], stem: string): string {
  const names = new Set(runs.map((run) => run.name));
  let n = 1;
  while (names.has(`${stem} ${n}`)) n += 1;
  return `${stem} ${n}`;
}

function freeColour(runs: KeptRun[]): number {
  const used = runs.map((run) => run.colour);
  const free = Array.from({ length: COLOURS }, (_, i) => i).find((i) => !used.includes(i));
  return free ?? runs.length % COLOURS;
}
