// How the studio speaks with its server: typed messages out, frames with arrays in.

import type { ArrayInfo, FromBrowser, ToBrowser } from "./messages";

export type Samples = Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array;

/** A frame of the server; `array(name)` is one row after the other, `rows(name)` one by one. */
export interface Received {
  head: ToBrowser;
  array(name: string): Samples | null;
  rows(name: string): Samples[];
}

/** A web socket, or the comm of a notebook. */
export interface Transport {
  /** Says whether it was sent; what is said while offline is lost. */
  send(message: FromBrowser): boolean;
  onFrame: (frame: Received) => void;
  onOnline: (online: boolean) => void;
  open(): void;
  close(): void;
  /** Files in and out; `path` is relative to the studio's own address. */
  request(method: string, path: string, query?: Query, body?: BodyInit): Promise<Answer>;
}

export type Query = Record<string, string | number | null | undefined>;

/** What came back: a file (`name`), or JSON. */
export interface Answer {
  status: number;
  media: string;
  name: string;
  body: ArrayBuffer;
}

/** Reads an answer that is JSON. */
export function json(answer: Answer): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>;
}

/** The fields of a query that say something. */
export function given(query: Query): Record<string, string> {
  const said = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(said.map(([name, value]) => [name, String(value)]));
}

const KINDS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<u2": Uint16Array,
  "<i4": Int32Array,
  "|u1": Uint8Array,
};

/** Reads a frame: length of the header, header, padding to 8 bytes, arrays. */
export function decode(buffer: ArrayBuffer): Received {
  const length = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  const start = Math.ceil((4 + length) / 8) * 8;
  return received(JSON.parse(text) as ToBrowser, buffer, start);
}

function received(head: ToBrowser, buffer: ArrayBuffer, start: number): Received {
  const info = (name: string) => (head.arrays ?? []).find((a) => a.name === name);
  const view = (a: ArrayInfo) => {
    const count = a.shape.reduce((product, n) => product * n, 1);
    return new KINDS[a.dtype](buffer, start + a.offset, count);
  };
  return {
    head,
    array: (name) => {
      const found = info(name);
      return found ? view(found) : null;
    },
    rows: (name) => {
      const found = info(name);
      if (!found) return [];
      const [rows, columns] = found.shape;
      const whole = view(found);
      return Array.from({ length: rows }, (_, i) => whole.subarray(i * columns, (i + 1) * columns));
    },
  };
}
