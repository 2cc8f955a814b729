import assert from "node:assert/strict";
import { test } from "node:test";
import { apart } from "./lane";

const knobs = (...xs: number[]) => xs.map((x) => ({ x, width: 40 }));
const all = (n: number) => new Array<boolean>(n).fill(true);

test("knobs with room stay where they are", () => {
  assert.deepEqual(apart(knobs(100, 300, 200), all(3), 800), [100, 300, 200]);
});

test("knobs on each other go beside each other, in the order of their times", () => {
  assert.deepEqual(apart(knobs(64, 64, 64), all(3), 800), [64, 106, 148]);
  assert.deepEqual(apart(knobs(120, 100), all(2), 800), [142, 100]);
});

test("at the right edge they give way to the left", () => {
  assert.deepEqual(apart(knobs(786, 786), all(2), 800), [738, 780]);
});

test("what is not shown takes no room", () => {
  assert.deepEqual(apart(knobs(100, 100), [false, true], 800), [100, 100]);
});
