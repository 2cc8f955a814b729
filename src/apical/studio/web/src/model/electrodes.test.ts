import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, type Point } from "./electrodes";

const row: Point[] = [[51, 1, -325], [51, 1, -175], [51, 1, -25]];

test("an array is carried by one of its contacts, to round numbers", () => {
  assert.deepEqual(carried(row, 1, [122.4, 1, -148]), [[120, 1, -300], [120, 1, -150], [120, 1, 0]]);
  assert.deepEqual(carried(row, 1, [122.4, 1, -148], true)[1], [122, 1, -148]);
});

test("what does not move keeps its place", () => {
  assert.deepEqual(carried(row, 2, row[2]), row);
});
