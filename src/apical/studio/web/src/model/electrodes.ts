// Electrode arrays as they are set, and moved as a whole.

import type { Setup } from "../messages";
import { type Tree, valueOf, withValues } from "./address";
import { short, tidy } from "./format";

/** x, y and height in µm. */
export type Point = [number, number, number];

/** How often a new array is read (ms), and how far from the middle of the cells and the next one it stands (µm): as
 * the studio's own in Python, for the same reasons. */
const EVERY = 0.1;
const ASIDE = 50;

/** Where contacts are put by hand: multiples of so many µm, and of one with a fine hand. */
const GRID = 5;

/** Where the contacts of an array are. */
export function contactsOf(setup: Setup, base: Tree, name: string): Point[] {
  return (valueOf(setup, base, `electrodes.${name}.positions`) ?? []) as Point[];
}

/** An array as it is added. */
export function newArray(positions: Point[]): Tree {
  return { positions, every: EVERY };
}

/** Where in the plane one more array stands beside some others: not in the midst of the cells. */
export function beside(somata: Float32Array, others: number): { x: number; y: number } {
  const middle = (axis: number) => {
    const values = somata.filter((_, i) => i % 3 === axis).sort();
    return values.length ? Math.floor((values[0] + values[values.length - 1]) / 2) : 0;
  };
  return { x: middle(0) + ASIDE * (others + 1), y: middle(1) };
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
