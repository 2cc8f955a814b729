// What is computed of something that never changes, however often it is drawn.

/** The function, which computes once for each thing that it is given. */
export function once<Thing extends object, Value>(compute: (thing: Thing) => Value): (thing: Thing) => Value {
  const known = new WeakMap<Thing, { value: Value }>();
  return (thing) => {
    const found = known.get(thing) ?? { value: compute(thing) };
    known.set(thing, found);
    return found.value;
  };
}

/** The size that a share of all numbers does not exceed; 0 of none. */
export function sizeOf(rows: readonly Float32Array[], share: number): number {
  const sizes = new Float32Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows) for (const value of row) sizes[at++] = Math.abs(value);
  sizes.sort();
  return sizes[Math.floor(sizes.length * share)] || sizes[sizes.length - 1] || 0;
}
