// The column from the front without WebGL.

import { layerColour } from "../../plot/tones";
import { type Colours, faded } from "../../plot/theme";
import type { Shape } from "../../store/state";
import type { Area } from "../../ui/Canvas";
import { places } from "./places";
import type { Projection } from "./projection";

/** Draws cells, their dendrites and their flashes; says where points are in the picture. */
export function drawFlat({ ctx, width, height }: Area, shape: Shape, bright: Float32Array, colours: Colours): Projection {
  const { segments, somata, middle, height: tall, width: wide } = places(shape);
  const scale = Math.min((height - 24) / tall, (width - 24) / Math.max(wide, 1));
  const x = (value: number) => width / 2 + (value - middle[0]) * scale;
  const y = (value: number) => height / 2 - (value - middle[2]) * scale;
  const inks = shape.populations.map((p) => layerColour(colours, p.layer));
  ctx.lineWidth = 0.5;
  for (let i = 0; i < segments.length; i += 6) {
    ctx.strokeStyle = faded(inks[shape.population[shape.segmentCell[i / 6]]], 0.15);
    ctx.beginPath();
    ctx.moveTo(x(segments[i]), y(segments[i + 2]));
    ctx.lineTo(x(segments[i + 3]), y(segments[i + 5]));
    ctx.stroke();
  }
  shape.population.forEach((k, cell) => {
    const radius = 2 + 3 * bright[cell];
    ctx.fillStyle = bright[cell] > 0 ? colours.ink : inks[k];
    ctx.beginPath();
    ctx.arc(x(somata[3 * cell]), y(somata[3 * cell + 2]), radius, 0, 2 * Math.PI);
    ctx.fill();
  });
  return {
    toPicture: ([px, , pz]) => ({ x: x(px), y: y(pz) }),
    toSpace: (px, py, depth) => [middle[0] + (px - width / 2) / scale, depth[1], middle[2] - (py - height / 2) / scale],
  };
}
