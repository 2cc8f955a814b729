// A whole session as a file, and what of it is kept from one visit to the next.

import { batch } from "@preact/signals";
import { json } from "../transport";
import { sendModels } from "./models";
import { type KeptRun, NO_SETUP, NO_VIEW, type Recording, type Setup, type View, type Wave } from "./state";
import type { Store } from "./store";

const FORMAT = "apical-studio-session";
const VERSION = 1;

interface SavedRun extends Omit<KeptRun, "wave" | "activity"> {
  wave: { dt: number; duration: number; names: string[]; rows: string[] };
}

interface SavedData {
  name: string;
  time: number[];
  values: number[];
}

/** A session as plain data. */
export interface Session {
  format: typeof FORMAT;
  version: typeof VERSION;
  saved: string;
  setup: Setup;
  view: View;
  pinned: string | null;
  kept: SavedRun[];
  data: Record<string, SavedData>;
  models: Record<string, string>;
  /** what the models are called */
  names?: Record<string, string>;
}

/** What there is, as data; recordings only where the person asked for a file. */
export function sessionOf(store: Store, withData: boolean): Session {
  const data = withData ? store.recordings.value : [];
  return {
    format: FORMAT,
    version: VERSION,
    saved: new Date().toISOString(),
    setup: store.setup.value,
    view: store.view.value,
    pinned: store.pinned.value,
    kept: store.kept.value.map(savedRun),
    data: Object.fromEntries(data.map((r) => [r.info.key, savedData(r)])),
    models: Object.fromEntries(store.uploads),
    names: Object.fromEntries(store.names),
  };
}

/** The text of a session file. */
export function sessionText(store: Store): string {
  return JSON.stringify(sessionOf(store, true));
}

/** Whether something is a session. */
export function isSession(value: unknown): value is Session {
  const found = value as Partial<Session> | null;
  return !!found && typeof found === "object" && found.format === FORMAT && found.version === VERSION;
}

/** Takes the place of what there is, as one step of the history. */
export async function openSession(store: Store, session: Session): Promise<void> {
  restoreModels(store, session);
  await sendModels(store, Object.entries(session.models));
  for (const [key, data] of Object.entries(session.data)) {
    if (!store.recordings.value.some((r) => r.info.key === key)) await sendData(store, data);
  }
  const setup = { ...NO_SETUP, ...session.setup };
  const view = { ...NO_VIEW, ...session.view };
  batch(() => {
    restoreRuns(store, session);
    store.editBoth("Open session", () => ({ setup, view }));
  });
}

/** Remembers models that were dropped in; the server is sent those that it does not have. */
export function restoreModels(store: Store, { models, names }: Session): void {
  for (const [key, text] of Object.entries(models)) store.uploads.set(key, text);
  for (const [key, name] of Object.entries(names ?? {})) store.names.set(key, name);
}

/** Puts kept runs back. */
export function restoreRuns(store: Store, session: Session): void {
  store.kept.value = session.kept.map(restoredRun);
  store.pinned.value = session.pinned;
}

/** Hands recordings to a server that does not have them. */
export async function sendAgain(store: Store, recordings: Recording[]): Promise<void> {
  for (const recording of recordings) await sendData(store, savedData(recording));
}

async function sendData(store: Store, data: SavedData): Promise<void> {
  const rows = data.time.map((t, i) => `${t},${data.values[i]}`);
  const text = `time_ms,dipole_nAm\n${rows.join("\n")}\n`;
  const query = { name: data.name, column: 2, time_unit: "ms", value_unit: "nAm" };
  const answer = await store.transport.request("POST", "data", query, text);
  if (answer.status !== 200) store.problems.value = json(answer).problems as typeof store.problems.value;
}

function savedData(recording: Recording): SavedData {
  return {
    name: recording.info.name,
    time: Array.from(recording.time),
    values: Array.from(recording.values),
  };
}

function savedRun(run: KeptRun): SavedRun {
  const { activity: _, ...rest } = run;
  const { dt, duration, names, rows } = run.wave;
  return { ...rest, wave: { dt, duration, names, rows: rows.map(toText) } };
}

function restoredRun(run: SavedRun): KeptRun {
  const { setup, view } = run;
  const { dt, duration, names } = run.wave;
  const rows = run.wave.rows.map(fromText);
  const wave: Wave = { id: -1, setup, view, dt, duration, names, rows, fresh: rows[0].length, complete: true };
  return { ...run, wave, activity: null };
}

/** Numbers as text, four bytes each. */
function toText(row: Float32Array): string {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function fromText(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}
