// What a page remembers: its address holds the state, and the browser the last session.

import { effect } from "@preact/signals";
import type { Studio } from "../studio";
import { restoreHistory, saveHistory } from "./history";
import { isSession, restoreModels, restoreRuns, type Session, sessionOf } from "./session";
import { type Moment, NO_SETUP, NO_VIEW } from "./state";
import { same } from "../model/address";

const AUTOSAVE = "apical-studio";
/** Letters at most: browsers keep five millions. */
const MOST = 3_000_000;
const PAUSE = 400;

/** The state that an address holds. */
export async function momentOf(hash: string): Promise<Moment | null> {
  const packed = new URLSearchParams(hash.replace(/^#/, "")).get("z");
  if (!packed) return null;
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const found = JSON.parse(await new Response(stream).text()) as Moment;
    return { setup: { ...NO_SETUP, ...found.setup }, view: { ...NO_VIEW, ...found.view } };
  } catch {
    return null; // a link that was cut or bent
  }
}

/** The address of a state. */
export async function hashOf(moment: Moment): Promise<string> {
  const stream = new Blob([JSON.stringify(moment)]).stream();
  const packed = stream.pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const text = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
  return `#z=${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** Follows the state with the page's address and its memory. */
export async function remember(studio: Studio): Promise<void> {
  const { store } = studio;
  store.initial = await momentOf(location.hash);
  const before = saved();
  // the same page loaded anew goes on; another visit is asked
  if (before && store.initial) {
    restoreRuns(store, before);
    restoreModels(store, before);
  } else if (before && worth(before)) studio.earlier.value = before;
  const stop = effect(() => {
    if (!store.begun.value) return;
    queueMicrotask(() => {
      stop();
      restoreHistory(store);
    });
  });
  let timer = 0;
  let steps = 0;
  effect(() => {
    const moment = { setup: store.setup.value, view: store.view.value };
    store.kept.value;
    if (!store.begun.value || store.hand.value) return;
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const count = store.undoSteps.value.length;
      await write(studio, moment, count > steps);
      saveHistory(store);
      steps = count;
    }, PAUSE);
  });
  window.addEventListener("popstate", () => void goTo(studio));
}

async function write(studio: Studio, moment: Moment, isNew: boolean): Promise<void> {
  const { store } = studio;
  const hello = store.hello.value!;
  const plain = same(moment.setup, hello.setup) && same(moment.view, hello.view);
  const hash = plain ? "" : await hashOf(moment);
  if (hash !== location.hash) {
    const address = `${location.pathname}${location.search}${hash}`;
    if (isNew) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  const session = sessionOf(store, false);
  if (put(session) || !put({ ...session, models: {} })) return;
  if (store.uploads.has(moment.setup.model)) studio.say("The browser has no room for this model: save the session (Ctrl S) to keep it.");
}

/** Whether there was room. */
function put(session: Session): boolean {
  const text = JSON.stringify(session);
  try {
    if (text.length < MOST) localStorage.setItem(AUTOSAVE, text);
    return text.length < MOST;
  } catch {
    return false; // no room, or not allowed: the address still holds the state
  }
}

/** The browser's back and forward are undo and redo. */
async function goTo({ store }: Studio): Promise<void> {
  const hello = store.hello.value;
  const found = (await momentOf(location.hash)) ?? (hello && { setup: hello.setup, view: hello.view });
  if (!found || sameMoment(found, { setup: store.setup.value, view: store.view.value })) return;
  const undo = store.undoSteps.value.findLastIndex((step) => sameMoment(found, step.moment));
  const redo = store.redoSteps.value.findLastIndex((step) => sameMoment(found, step.moment));
  if (undo >= 0) store.undoTo(undo);
  else if (redo >= 0) store.redoTo(redo);
  else store.editBoth("Open link", () => found);
}

function sameMoment(a: Moment, b: Moment): boolean {
  return same(a.setup, b.setup) && same(a.view, b.view);
}

function saved(): Session | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(AUTOSAVE) ?? "null");
    return isSession(found) ? found : null;
  } catch {
    return null;
  }
}

function worth(session: Session): boolean {
  return session.kept.length > 0 || Object.keys(session.setup.values).length > 0;
}
