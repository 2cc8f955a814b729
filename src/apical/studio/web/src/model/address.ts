// Addresses of values in a network, as in Python: names joined by dots, the longest name wins.

import type { Setup } from "../messages";

export type Tree = { [name: string]: unknown };

/** What is at an address; undefined if nothing is. */
export function at(tree: unknown, path: string): unknown {
  let here = tree;
  let rest = path;
  while (rest) {
    if (here === null || typeof here !== "object") return undefined;
    const key = nextKey(here as Tree, rest);
    if (key === null) return undefined;
    here = (here as Tree)[key];
    rest = rest.slice(key.length + 1);
  }
  return here;
}

function nextKey(here: Tree, rest: string): string | null {
  const fitting = Object.keys(here).filter((k) => rest === k || rest.startsWith(`${k}.`));
  return fitting.reduce<string | null>((a, b) => (a !== null && a.length > b.length ? a : b), null);
}

/** The value that a control begins with: that of an added part, or of the model. */
export function defaultOf(setup: Setup, base: Tree, path: string): unknown {
  const added = at(setup.added, path);
  return added !== undefined ? added : at(base, path);
}

/** The value that is simulated. */
export function valueOf(setup: Setup, base: Tree, path: string): unknown {
  if (path in setup.values) return setup.values[path];
  const prefix = Object.keys(setup.values)
    .filter((p) => path.startsWith(`${p}.`))
    .reduce((a, b) => (a.length > b.length ? a : b), "");
  if (prefix) return at(setup.values[prefix], path.slice(prefix.length + 1));
  return defaultOf(setup, base, path);
}

/** The setup with values in place; what equals its default is not kept. */
export function withValues(setup: Setup, base: Tree, values: Tree): Setup {
  const next = { ...setup.values };
  for (const [path, value] of Object.entries(values)) {
    if (same(value, defaultOf(setup, base, path))) delete next[path];
    else next[path] = value;
  }
  return { ...setup, values: next };
}

/** Parts of a field, such as drives, that are there: the model's without those removed, and added. */
export function parts(setup: Setup, base: Tree, field: string): Tree {
  const own = Object.entries((base[field] ?? {}) as Tree);
  const kept = own.filter(([name]) => !setup.removed.includes(`${field}.${name}`));
  return { ...Object.fromEntries(kept), ...(setup.added[field] ?? {}) };
}

/** The whole network as it is simulated, for what shows many values at once. */
export function present(setup: Setup, base: Tree, field: string, name: string): Tree {
  const part = structuredClone(parts(setup, base, field)[name] ?? {}) as Tree;
  const prefix = `${field}.${name}.`;
  for (const [path, value] of Object.entries(setup.values)) {
    if (path.startsWith(prefix)) put(part, path.slice(prefix.length), value);
  }
  return part;
}

function put(tree: Tree, path: string, value: unknown): void {
  const key = nextKey(tree, path) ?? path;
  if (key === path) tree[key] = value;
  else put(tree[key] as Tree, path.slice(key.length + 1), value);
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
