import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SETUP } from "../store/state";
import { at, parts, present, valueOf, withValues } from "./address";

const base = {
  drives: {
    p: { mu: 10, targets: { a: { weights: { ampa: 1, nmda: 2 } } } },
    "p.b": { mu: 20 },
  },
};

test("the longest name wins, as in Python", () => {
  assert.equal(at(base, "drives.p.mu"), 10);
  assert.equal(at(base, "drives.p.b.mu"), 20);
  assert.equal(at(base, "drives.q.mu"), undefined);
});

test("what equals its default is not kept", () => {
  const changed = withValues(NO_SETUP, base, { "drives.p.mu": 12 });
  assert.deepEqual(changed.values, { "drives.p.mu": 12 });
  assert.deepEqual(withValues(changed, base, { "drives.p.mu": 10 }).values, {});
  assert.deepEqual(NO_SETUP.values, {});
});

test("a whole that was set gives its parts", () => {
  const setup = { ...NO_SETUP, values: { "drives.p.targets.a": { weights: { ampa: 5 } } } };
  assert.equal(valueOf(setup, base, "drives.p.targets.a.weights.ampa"), 5);
  assert.equal(valueOf(setup, base, "drives.p.mu"), 10);
});

test("parts are the model's without those removed, and those added", () => {
  const setup = { ...NO_SETUP, removed: ["drives.p"], added: { drives: { new: { mu: 3 } } } };
  assert.deepEqual(Object.keys(parts(setup, base, "drives")), ["p.b", "new"]);
  const changed = { ...setup, values: { "drives.new.mu": 4 } };
  assert.deepEqual(present(changed, base, "drives", "new"), { mu: 4 });
  assert.deepEqual(setup.added.drives.new, { mu: 3 });
});
