import assert from "node:assert/strict";
import { test } from "node:test";
import { once, sizeOf } from "./once";

test("of the same thing it is computed once", () => {
  let count = 0;
  const length = once((row: number[]) => (count++, row.length));
  const row: number[] = [];
  assert.deepEqual([length(row), length(row), length([1])], [0, 0, 1]);
  assert.equal(count, 2);
});

test("a few that are very large do not count", () => {
  const rows = [Float32Array.of(-3, 1, 2), Float32Array.of(0, -100)];
  assert.equal(sizeOf(rows, 0.6), 3);
  assert.equal(sizeOf(rows, 1), 100);
  assert.equal(sizeOf([], 0.5), 0);
});
