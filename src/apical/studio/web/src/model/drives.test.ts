import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SETUP } from "../store/state";
import { withValues } from "./address";
import { driveLooks, strength, withStrength } from "./drives";

const target = (weights: Record<string, number>) => ({ weights, delay: 1 });
const base = {
  drives: {
    late: { kind: "evoked", location: "proximal", mu: 130, targets: { a: target({ ampa: 0.1 }) } },
    feed: { kind: "evoked", location: "distal", mu: 60, targets: { a: target({ ampa: 0 }) } },
    early: {
      kind: "evoked", location: "proximal", mu: 20,
      targets: { a: target({ ampa: 0.1, nmda: 0.3 }), b: target({ ampa: 0.2 }) },
    },
  },
}; // prettier-ignore

test("drives are called by side and order of arrival", () => {
  const labels = driveLooks(NO_SETUP, base).map((look) => [look.name, look.label]);
  assert.deepEqual(labels, [["early", "P1"], ["feed", "D1"], ["late", "P2"]]);
});

test("labels stay while a drive is moved past another", () => {
  const moved = withValues(NO_SETUP, base, { "drives.early.mu": 150 });
  assert.equal(driveLooks(moved, base)[0].name, "early");
});

test("strength is a factor on all weights, and 1 leaves nothing behind", () => {
  const twice = withStrength(NO_SETUP, base, "early", 2);
  assert.equal(twice.values["drives.early.targets.a.weights.nmda"], 0.6);
  assert.equal(strength(twice, base, "early"), 2);
  assert.deepEqual(withStrength(twice, base, "early", 1).values, {});
});

test("strength keeps proportions that were changed by hand, and comes back from zero", () => {
  const odd = withValues(NO_SETUP, base, { "drives.early.targets.b.weights.ampa": 0.4 });
  const more = withStrength(odd, base, "early", 2 * strength(odd, base, "early"));
  assert.equal(more.values["drives.early.targets.b.weights.ampa"], 0.8);
  assert.equal(more.values["drives.early.targets.a.weights.ampa"], 0.2);
  const none = withStrength(NO_SETUP, base, "early", 0);
  assert.equal(strength(none, base, "early"), 0);
  assert.equal(strength(withStrength(none, base, "early", 1.5), base, "early"), 1.5);
});

test("a drive without weight has strength 1", () => {
  assert.equal(strength(NO_SETUP, base, "feed"), 1);
});
