// Where the picture of the column puts cells: wide enough to be told apart.

import type { Shape } from "../../store/state";

/** Width of the picture as a share of its height: real columns are too slim to look into. */
const WIDTH = 0.32;

export interface Places {
  /** ends of sections, six numbers each; z is up */
  segments: Float32Array;
  somata: Float32Array;
  middle: [number, number, number];
  height: number;
  /** along the diagonal of the plane */
  width: number;
}

/** Cells moved apart in the plane; each keeps its form. */
export function places(shape: Shape): Places {
  const { segments, segmentCell, somata } = shape;
  const [x, y] = [range(somata, 0), range(somata, 1)];
  const z = range(segments.length ? segments : somata, 2);
  const height = Math.max(z.high - z.low, 1);
  const wide = Math.max(x.high - x.low, y.high - y.low);
  const spread = wide > 0 ? Math.max((WIDTH * height) / wide - 1, 0) : 0;
  const [midX, midY] = [(x.low + x.high) / 2, (y.low + y.high) / 2];
  const moved = (points: Float32Array, cell: (point: number) => number) => {
    const out = points.slice();
    for (let i = 0; i < points.length / 3; i++) {
      const soma = 3 * cell(i);
      out[3 * i] += (somata[soma] - midX) * spread;
      out[3 * i + 1] += (somata[soma + 1] - midY) * spread;
    }
    return out;
  };
  const lines = moved(segments, (point) => segmentCell[point >> 1]);
  const [outerX, outerY] = [range(lines, 0), range(lines, 1)];
  return {
    segments: lines,
    somata: moved(somata, (point) => point),
    width: Math.max(outerX.high - outerX.low, outerY.high - outerY.low),
    middle: [midX, midY, (z.low + z.high) / 2],
    height,
  };
}

function range(points: Float32Array, axis: number): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let i = axis; i < points.length; i += 3) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  return Number.isFinite(low) ? { low, high } : { low: 0, high: 0 };
}

/** Heights of the layers' somata, for labels. */
export function layers(shape: Shape, somata: Float32Array): { name: string; z: number }[] {
  const sums = new Map<string, { z: number; n: number }>();
  shape.population.forEach((k, cell) => {
    const name = shape.populations[k]?.layer;
    if (!name) return;
    const sum = sums.get(name) ?? { z: 0, n: 0 };
    sums.set(name, { z: sum.z + somata[3 * cell + 2], n: sum.n + 1 });
  });
  return [...sums].map(([name, { z, n }]) => ({ name, z: z / n }));
}

/** First cell of each population, in the numbering of `somata`. */
export function firstCells(shape: Shape): number[] {
  let first = 0;
  return shape.populations.map((p) => {
    first += p.n;
    return first - p.n;
  });
}
