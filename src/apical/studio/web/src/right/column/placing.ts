// A hand that puts electrode arrays into the picture of the column.

import { parts } from "../../model/address";
import { carried, contactsOf, placeOf, type Point, withContacts } from "../../model/electrodes";
import type { Studio } from "../../studio";
import type { Projection } from "./projection";

/** µm for one press of an arrow: sideways, and in height. */
const STEP: Point = [10, 10, 25];
const KEYS: Record<string, Point> = {
  ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowDown: [0, 0, -1], ArrowUp: [0, 0, 1],
  PageDown: [0, -1, 0], PageUp: [0, 1, 0],
}; // prettier-ignore

/** Names of the electrode arrays. */
export function arrayNames({ store }: Studio): string[] {
  return Object.keys(parts(store.setup.value, store.base.value, "electrodes"));
}

/** The array that is being placed; null if there is none. */
export function placed(studio: Studio): string | null {
  const name = studio.placing.value;
  return name !== null && arrayNames(studio).includes(name) ? name : null;
}

/** Begins to place an array, where the column is seen; or ends it. */
export function togglePlacing(studio: Studio, name: string): void {
  const begins = studio.placing.value !== name;
  studio.placing.value = begins ? name : null;
  if (!begins) return;
  studio.tab.value = studio.narrow.value ? "space" : studio.tab.value;
  if (studio.collapsed.value.has("column")) studio.toggleCollapsed("column");
}

/** Puts the array that is being placed where somebody clicked: its middle contact comes there. */
export function placeAt(studio: Studio, view: Projection, x: number, y: number, fine: boolean): void {
  const name = placed(studio);
  if (name === null) return;
  const points = contactsOf(studio.store.setup.value, studio.store.base.value, name);
  const middle = points.length >> 1;
  put(studio, name, carried(points, middle, view.toSpace(x, y, points[middle]), fine), "");
}

/** Carries an array by one of its contacts, until the pointer lets go: one step of the history. */
export function carry(studio: Studio, view: () => Projection | null, name: string, contact: number, event: PointerEvent): void {
  if (event.button !== 0) return;
  event.preventDefault();
  const held = event.currentTarget as SVGElement;
  const box = held.ownerSVGElement!.getBoundingClientRect();
  const { store } = studio;
  held.closest<SVGElement>("[tabindex]")?.focus();
  held.setPointerCapture(event.pointerId);
  const points = contactsOf(store.setup.value, store.base.value, name);
  const move = (e: PointerEvent) => {
    const to = view()?.toSpace(e.clientX - box.left, e.clientY - box.top, points[contact]);
    if (to) put(studio, name, carried(points, contact, to, e.shiftKey), gesture(name));
  };
  const stop = () => {
    held.removeEventListener("pointermove", move);
    held.removeEventListener("pointerup", stop);
    held.removeEventListener("pointercancel", stop);
    store.endGesture();
  };
  held.addEventListener("pointermove", move);
  held.addEventListener("pointerup", stop);
  held.addEventListener("pointercancel", stop);
}

/** Moves an array by a key; says whether it was one of those that do. */
export function nudge(studio: Studio, name: string, event: KeyboardEvent): boolean {
  const way = KEYS[event.key];
  if (!way || event.ctrlKey || event.metaKey || event.altKey) return false;
  const { store } = studio;
  const points = contactsOf(store.setup.value, store.base.value, name);
  const to = points[0].map((value, i) => value + way[i] * (event.shiftKey ? 1 : STEP[i])) as Point;
  put(studio, name, carried(points, 0, to, true), gesture(name));
  store.endSoon();
  return true;
}

function gesture(name: string): string {
  return `electrodes.${name}.place`;
}

function put({ store }: Studio, name: string, points: Point[], gesture: string): void {
  store.edit(`${name}: ${placeOf(points)}`, (s) => withContacts(s, store.base.value, name, points), gesture);
}
