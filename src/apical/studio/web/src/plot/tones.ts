// Which colour a layer, a drive or a population has, in every panel alike.

import type { PopulationInfo } from "../messages";
import type { Side } from "../model/drives";
import type { Colours } from "./theme";

/** The colour of a layer: 2/3 and 5 have their own, others share one. */
export function layerColour(colours: Colours, layer: string): string {
  if (/[23]/.test(layer)) return colours.l2;
  return layer.includes("5") ? colours.l5 : colours.other;
}

export function sideColour(colours: Colours, side: Side): string {
  return colours[side];
}

/** Inhibitory cells are drawn as open marks, so that colour is not alone in telling them apart. */
export function isInhibitory(population: PopulationInfo): boolean {
  return population.role === "inhibitory";
}

/** `L2_basket` as people write it: `L2/3 basket` where the layer says so. */
export function plainName(population: string): string {
  return population.replaceAll("_", " ");
}

/** Red, green and blue of a colour such as `#5aa8ff`. */
export function rgb(colour: string): [number, number, number] {
  const number = Number.parseInt(colour.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}
