import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, carried, newArray, type Point } from "./electrodes";

const row: Point[] = [[51, 1, -325], [51, 1, -175], [51, 1, -25]];

test("an array is carried by one of its contacts, to round numbers", () => {
  assert.deepEqual(carried(row, 1, [122.4, 1, -148]), [[120, 1, -300], [120, 1, -150], [120, 1, 0]]);
  assert.deepEqual(carried(row, 1, [122.4, 1, -148], true)[1], [122, 1, -148]);
});

test("what does not move keeps its place", () => {
  assert.deepEqual(carried(row, 2, row[2]), row);
});

test("a new array stands beside the cells and the others, and is read every 0.1 ms", () => {
  const somata = new Float32Array([0, 0, 3, 9, 0, 3, 0, 9, 900, 9, 9, 900]);
  assert.deepEqual(beside(somata, 0), { x: 54, y: 4 });
  assert.deepEqual(beside(somata, 1), { x: 104, y: 4 });
  assert.deepEqual(beside(new Float32Array(), 0), { x: 50, y: 0 });
  assert.deepEqual(newArray(row), { positions: row, every: 0.1 });
});
