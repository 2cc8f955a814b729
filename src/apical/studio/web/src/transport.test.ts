import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "./transport";

test("arrays begin at the first multiple of eight after the header", () => {
  const head = { type: "chunk", arrays: [{ name: "dipole", dtype: "<f4", shape: [2, 2], offset: 8 }] };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const start = Math.ceil((4 + text.length) / 8) * 8;
  const buffer = new ArrayBuffer(start + 24);
  new DataView(buffer).setUint32(0, text.length, true);
  new Uint8Array(buffer).set(text, 4);
  new Float32Array(buffer, start + 8).set([1, 2, 3, 4]);
  const frame = decode(buffer);
  assert.deepEqual(frame.rows("dipole").map((row) => [...row]), [[1, 2], [3, 4]]);
  assert.equal(frame.array("none"), null);
});
