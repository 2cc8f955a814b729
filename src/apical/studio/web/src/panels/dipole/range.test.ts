import assert from "node:assert/strict";
import { test } from "node:test";
import { sticky } from "./range";
import { resampled } from "./samples";

test("the axis grows at once and shrinks only when it may", () => {
  const first = sticky(null, { low: -10, high: 10 }, false);
  assert.ok(first.low < -10 && first.high > 10);
  assert.ok(sticky(first, { low: -10, high: 30 }, false).high > 30);
  assert.deepEqual(sticky(first, { low: -1, high: 1 }, false), first);
  assert.ok(sticky(first, { low: -1, high: 1 }, true).high < 2);
});

test("a little less is no reason to shrink", () => {
  const first = sticky(null, { low: -10, high: 10 }, false);
  assert.deepEqual(sticky(first, { low: -9, high: 9 }, true), first);
});

test("a recording is read between its samples, and nowhere else", () => {
  const recording = { time: Float64Array.of(1, 3), values: Float64Array.of(10, 30) };
  const found = resampled(recording, { shift: 0, factor: 2 }, { n: 5, dt: 1 });
  assert.deepEqual(found, [null, 20, 40, 60, null]);
  const later = resampled(recording, { shift: 1, factor: 1 }, { n: 5, dt: 1 });
  assert.deepEqual(later, [null, null, 10, 20, 30]);
});
