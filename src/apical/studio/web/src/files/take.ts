// Files that a person gives: what they are, and where they go.

import { batch } from "@preact/signals";
import type { DataInfo, ModelInfo, ProblemInfo } from "../messages";
import type { Tree } from "../model/address";
import { addModel } from "../store/models";
import { isSession, openSession } from "../store/session";
import { NO_SETUP, type Setup } from "../store/state";
import type { Studio } from "../studio";
import { json, type Query } from "../transport";

const MODELS = /\.(json|param|nc|h5)$/i;

/** What is not clear about a recording; the page asks, beginning with a guess. */
export interface Question {
  file: File;
  reason: string;
  columns: string[];
  rows: string[][];
  guess: Guess;
}

export interface Guess {
  column: number | null;
  time_unit: "ms" | "s" | "us" | null;
  value_unit: "nAm" | "Am" | "uAm" | "pAm" | "fAm" | null;
  start: number | null;
  rate: number | null;
}

/** Takes files one after the other; what is wrong is said in words. */
export async function takeFiles(studio: Studio, files: Iterable<File>): Promise<void> {
  for (const file of files) {
    try {
      await (MODELS.test(file.name) ? takeModel(studio, file) : takeData(studio, file));
    } catch (error) {
      complain(studio, file.name, error);
    }
  }
}

/** Sends a recording; a question about it opens a dialog. */
export async function takeData(studio: Studio, file: File, how: Partial<Guess> = {}): Promise<void> {
  const query: Query = { name: file.name, ...how };
  const found = json(await studio.transport.request("POST", "data", query, file));
  if (found.problems) throw new Refused(found.problems as ProblemInfo[]);
  if (found.choose) {
    const asked = found.choose as Omit<Question, "file">;
    studio.dialog.value = { name: "data", argument: { ...asked, file } };
    return;
  }
  const info = found.data as DataInfo;
  studio.store.editView(`Compare with ${info.name}`, (view) => ({ ...view, data: info.key }));
  studio.say(`${info.name}: ${info.samples} samples, ${info.tmin.toFixed(0)} to ${info.tmax.toFixed(0)} ms`);
}

/** Takes a model, or a session of the studio. */
async function takeModel(studio: Studio, file: File): Promise<void> {
  const parsed = /\.json$/i.test(file.name) ? parse(await file.text()) : null;
  if (isSession(parsed)) {
    await openSession(studio.store, parsed);
    return;
  }
  const found = json(await studio.transport.request("POST", "model", { name: file.name }, file));
  if (found.problems) throw new Refused(found.problems as ProblemInfo[]);
  const info = found.model as ModelInfo;
  const { store } = studio;
  // a session file holds it as the server read it, whatever it was
  const asked = JSON.stringify({ setup: { ...NO_SETUP, model: info.key } });
  const model = await studio.transport.request("POST", "export/model.json", {}, asked);
  const text = new TextDecoder().decode(model.body);
  store.uploads.set(info.key, text);
  batch(() => {
    addModel(store, info);
    store.edit(`Model ${info.title}`, (s) => ({ ...NO_SETUP, model: info.key, added: electrodesFor(text, s), duration: s.duration, seed: s.seed }));
  });
  studio.say(`${file.name}: the model is on the screen`);
}

/** The electrodes that are there, for a model that has none of its own. */
function electrodesFor(text: string, { added }: Setup): Setup["added"] {
  const own = (parse(text) as Tree | null)?.electrodes as Tree | undefined;
  return added?.electrodes && !Object.keys(own ?? {}).length ? { electrodes: added.electrodes } : {};
}

class Refused extends Error {
  constructor(readonly problems: ProblemInfo[]) {
    super(problems.map((p) => [p.path, p.message, p.hint].filter(Boolean).join(": ")).join("\n"));
  }
}

export function complain(studio: Studio, name: string, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  studio.dialog.value = { name: "problem", argument: { title: `${name} could not be read`, text } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
