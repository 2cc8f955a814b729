// What LFP and CSD share: electrodes from the highest to the lowest, and their labels.

import { GUTTER } from "../plot/axis";

const ROOM = 18;

/** Indices of electrodes, the highest first. */
export function byHeight(heights: Float32Array): number[] {
  return [...heights.keys()].sort((a, b) => heights[b] - heights[a]);
}

/** Heights in µm in the left gutter, as many as have room. */
export function depthLabels(
  ctx: CanvasRenderingContext2D,
  colour: string,
  heights: number[],
  y: (place: number) => number,
): void {
  ctx.fillStyle = colour;
  ctx.font = "11px Inter Variable, system-ui, sans-serif";
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const apart = Math.max(1, Math.ceil(ROOM / Math.max(y(1) - y(0), 1)));
  heights.forEach((height, place) => {
    if (place % apart === 0) ctx.fillText(`${Math.round(height)} µm`, GUTTER.left - 8, y(place));
  });
}
