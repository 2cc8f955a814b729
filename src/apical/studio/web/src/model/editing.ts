// Adding and removing whole parts of a setup.

import type { Setup } from "../messages";
import { at, parts, present, type Tree } from "./address";

/** The setup with one more part. */
export function withPart(setup: Setup, field: string, name: string, part: Tree): Setup {
  const added = { ...setup.added, [field]: { ...setup.added[field], [name]: part } };
  return { ...setup, added };
}

/** The setup without a part, nor any value in it. */
export function withoutPart(setup: Setup, base: Tree, field: string, name: string): Setup {
  const path = `${field}.${name}`;
  const values = Object.fromEntries(
    Object.entries(setup.values).filter(([p]) => p !== path && !p.startsWith(`${path}.`)),
  );
  const { [name]: gone, ...others } = setup.added[field] ?? {};
  const added = gone === undefined ? setup.added : { ...setup.added, [field]: others };
  const own = at(base, path) !== undefined && !setup.removed.includes(path);
  return { ...setup, values, added, removed: own ? [...setup.removed, path] : setup.removed };
}

/** The setup with all values of a part as they began. */
export function withPartReset(setup: Setup, field: string, name: string): Setup {
  const prefix = `${field}.${name}.`;
  const values = Object.fromEntries(Object.entries(setup.values).filter(([p]) => !p.startsWith(prefix)));
  return { ...setup, values };
}

/** Whether anything of a part was changed. */
export function isChanged(setup: Setup, field: string, name: string): boolean {
  return Object.keys(setup.values).some((p) => p.startsWith(`${field}.${name}.`));
}

/** A name that nothing in a field has: the stem, counted up. */
export function freeName(setup: Setup, base: Tree, field: string, stem: string): string {
  const taken = { ...((base[field] ?? {}) as Tree), ...parts(setup, base, field) };
  const bare = stem.replace(/\d+$/, "");
  let n = 1;
  while (`${bare}${n}` in taken) n += 1;
  return `${bare}${n}`;
}

/** The setup with another part like one that is there. */
export function withCopy(setup: Setup, base: Tree, field: string, name: string): Setup {
  const copy = present(setup, base, field, name);
  return withPart(setup, field, freeName(setup, base, field, name), copy);
}
