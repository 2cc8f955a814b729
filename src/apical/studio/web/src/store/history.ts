// The steps of the history, kept while the tab is: a page that is loaded anew can still be undone.

import { same } from "../model/address";
import { type Moment, NO_SETUP, NO_VIEW, type Step } from "./state";
import type { Store } from "./store";

const KEY = "apical-studio-history";
/** Steps of each direction, and letters in all, that are kept at most. */
const STEPS = 200;
const MOST = 1_500_000;

interface Saved {
  now: Moment;
  undo: Step[];
  redo: Step[];
}

/** Writes the newest steps down, as many as there is room for. */
export function saveHistory(store: Store): void {
  const now = { setup: store.setup.value, view: store.view.value };
  for (let steps = STEPS; steps >= 1; steps = Math.floor(steps / 2)) {
    const saved: Saved = { now, undo: store.undoSteps.value.slice(-steps), redo: store.redoSteps.value.slice(-steps) };
    const text = JSON.stringify(saved);
    if (text.length > MOST) continue;
    try {
      sessionStorage.setItem(KEY, text);
      return;
    } catch {
      // no room, or not allowed: fewer steps may fit
    }
  }
}

/** Puts steps back, if they led to what is set. */
export function restoreHistory(store: Store): void {
  const saved = read();
  const now = { setup: store.setup.value, view: store.view.value };
  if (!saved || store.undoSteps.value.length || !same(whole(saved.now), whole(now))) return;
  store.undoSteps.value = saved.undo;
  store.redoSteps.value = saved.redo;
}

/** With every field, in one order. */
function whole({ setup, view }: Moment): Moment {
  const values = Object.fromEntries(Object.entries(setup.values ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { setup: { ...NO_SETUP, ...setup, values }, view: { ...NO_VIEW, ...view } };
}

function read(): Saved | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Saved | null;
    return found && Array.isArray(found.undo) && Array.isArray(found.redo) ? found : null;
  } catch {
    return null;
  }
}
