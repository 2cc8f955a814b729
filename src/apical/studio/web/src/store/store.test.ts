import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromBrowser } from "../messages";
import type { Transport } from "../transport";
import { effects } from "./preview";
import { receive } from "./receive";
import { NO_SETUP, NO_VIEW } from "./state";
import { Store } from "./store";

const turn = () => new Promise((resolve) => setTimeout(resolve));

function made() {
  const sent: FromBrowser[] = [];
  const transport = { send: (message: FromBrowser) => sent.push(message) > 0 } as unknown as Transport;
  const store = new Store(transport);
  const get = (head: object, arrays: Record<string, Float32Array[]> = {}) =>
    receive(store, {
      head: head as never,
      array: (name) => arrays[name]?.[0] ?? null,
      rows: (name) => arrays[name] ?? [],
    });
  const hello = { type: "hello", data: [], models: [], setup: NO_SETUP, view: NO_VIEW };
  return { store, sent, get, hello };
}

const set = (path: string, value: number) => (setup: typeof NO_SETUP) => ({
  ...setup, values: { ...setup.values, [path]: value },
}); // prettier-ignore

function run(get: ReturnType<typeof made>["get"], id: number, level: number) {
  const row = new Float32Array(5).fill(level);
  get({ type: "begin", id, since: 0, duration: 4, dt: 1 });
  get({ type: "done", id, names: ["total"], trials: 1, scores: { rmse: level } }, { dipole: [row] });
}

test("one gesture is one step, and undo goes back to before it", () => {
  const { store } = made();
  store.edit("a 1", set("a", 1), "a");
  store.edit("a 2", set("a", 2), "a");
  store.endGesture();
  store.edit("a 3", set("a", 3), "a");
  assert.deepEqual(store.undoSteps.value.map((s) => s.name), ["a 2", "a 3"]);
  store.undo();
  assert.deepEqual(store.setup.value.values, { a: 2 });
  store.undo();
  assert.deepEqual(store.setup.value.values, {});
  store.redoTo(0);
  assert.deepEqual(store.setup.value.values, { a: 3 });
});

test("changes of one moment are one request; another view alone is only looked at", async () => {
  const { store, sent, get, hello } = made();
  get(hello);
  await turn();
  store.edit("a", set("a", 1));
  store.edit("b", set("b", 1));
  await turn();
  store.editView("smooth", (view) => ({ ...view, smooth: 5 }));
  await turn();
  assert.deepEqual(sent.map((m) => m.type), ["simulate", "simulate", "look"]);
});

test("no score is shown for a wave that is not its own", async () => {
  const { store, get, hello } = made();
  get(hello);
  await turn();
  run(get, 1, 3);
  assert.equal(store.scores.value?.rmse, 3);
  store.edit("a", set("a", 1));
  assert.equal(store.scores.value, null);
  await turn();
  run(get, 2, 4);
  assert.equal(store.scores.value?.rmse, 4);
});

test("what is not yet computed anew is of before", async () => {
  const { store, get, hello } = made();
  get(hello);
  await turn();
  run(get, 1, 3);
  store.edit("a", set("a", 1));
  await turn();
  get({ type: "begin", id: 2, since: 1, duration: 4, dt: 1 });
  assert.equal(store.wave.value?.fresh, 1);
  const part = { dipole: [Float32Array.of(7, 7)] };
  get({ type: "chunk", id: 2, first: 1, since: 1, time: 3, fraction: 0.7, names: ["total"] }, part);
  assert.deepEqual([...store.wave.value!.rows[0]], [3, 7, 7, 3, 3]);
  assert.equal(store.wave.value?.fresh, 3);
});

test("a server that comes back is asked again", async () => {
  const { store, sent, get, hello } = made();
  get(hello);
  await turn();
  run(get, 1, 3);
  get(hello);
  await turn();
  await turn();
  assert.deepEqual(sent.map((m) => m.type), ["simulate", "simulate"]);
  assert.equal(store.current.value, false);
});

test("a preview is drawn only where every change has a slope", async () => {
  const { store, get, hello } = made();
  get(hello);
  await turn();
  run(get, 1, 3);
  get({ type: "sensitivity", id: 1, path: "drives.p.mu", at: 10 }, { slope: [Float32Array.of(0, 0, 1, 1, 0)] });
  store.edit("mu", set("drives.p.mu", 12));
  const wave = store.wave.value!;
  assert.deepEqual(effects(store, wave)[0].values, [null, null, 5, 5, null]);
  store.edit("far", set("drives.p.mu", 13));
  assert.deepEqual(effects(store, wave), [], "too far for a slope");
  store.edit("other", set("other", 1));
  assert.deepEqual(effects(store, wave), []);
});
