// Kept runs are smoothed as the one on the screen is: what is smoothed otherwise cannot be compared.

import { effect, signal } from "@preact/signals";
import type { Done } from "../messages";
import { decode } from "../transport";
import type { Studio } from "../studio";
import { changeRun } from "./kept";
import type { KeptRun } from "./state";

const OK = 200;
/** of what gave way to an export: it is asked for again */
const GIVEN_UP = 409;

/** Asks for kept runs anew, one after the other, whenever nothing else is to be done. */
export function followSmoothing(studio: Studio): () => void {
  const { store, making } = studio;
  const busy = signal(false);
  const failed = new Set<string>();
  return effect(() => {
    const { smooth = 0 } = store.view.value;
    const idle = store.current.value && !store.hand.value && !making.value.length && !busy.value;
    const run = store.kept.value.find(({ key, view }) => (view.smooth ?? 0) !== smooth && !failed.has(`${key} ${smooth}`));
    if (!idle || !run) return;
    queueMicrotask(async () => {
      busy.value = true;
      const done = await smoothed(studio, run, smooth).catch(() => false);
      if (!done) failed.add(`${run.key} ${smooth}`);
      busy.value = false;
    });
  });
}

/** Whether it could be had: a model may be gone, or the window longer than that run. */
async function smoothed({ store, transport }: Studio, run: KeptRun, smooth: number): Promise<boolean> {
  const view = { ...run.view, smooth };
  const asked = JSON.stringify({ setup: run.setup, view });
  const answer = await transport.request("POST", "wave", {}, asked);
  if (answer.status !== OK) return answer.status === GIVEN_UP;
  const frame = decode(answer.body);
  const { names, scores = null } = frame.head as Done;
  const rows = frame.rows("dipole") as Float32Array[];
  changeRun(store, run.key, { view, scores, wave: { ...run.wave, view, names, rows } });
  return true;
}
