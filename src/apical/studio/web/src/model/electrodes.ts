// Electrode arrays as they are set, and moved as a whole.

import type { Setup } from "../messages";
import { type Tree, valueOf, withValues } from "./address";
import { short, tidy } from "./format";

/** x, y and height in µm. */
export type Point = [number, number, number];

/** Where contacts are put by hand: multiples of so many µm, and of one with a fine hand. */
const GRID = 5;

/** Where the contacts of an array are. */
export function contactsOf(setup: Setup, base: Tree, name: string): Point[] {
  return (valueOf(setup, base, `electrodes.${name}.positions`) ?? []) as Point[];
}

/** The setup with the contacts of an array elsewhere. */
export function withContacts(setup: Setup, base: Tree, name: string, points: Point[]): Setup {
  return withValues(setup, base, { [`electrodes.${name}.positions`]: points });
}

/** An array that is moved so that one of its contacts is near a place; the others keep their distances. */
export function carried(points: Point[], contact: number, to: Point, fine = false): Point[] {
  const grid = fine ? 1 : GRID;
  const by = to.map((value, i) => (Math.abs(value - points[contact][i]) < 1e-6 ? 0 : Math.round(value / grid) * grid - points[contact][i]));
  return points.map((p) => p.map((value, i) => tidy(value + by[i], 9)) as Point);
}

/** What is said of where an array is. */
export function placeOf(points: Point[]): string {
  const [x, y, z] = points[0].map((value) => short(value));
  return `x ${x}, y ${y}, lowest ${z} µm`;
}
