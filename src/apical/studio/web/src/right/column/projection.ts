// Where points of the column are in its picture, and the other way round.

import type { Point } from "../../model/electrodes";

/** One view of the column; places in it are px from the picture's corner. */
export interface Projection {
  toPicture(point: Point): { x: number; y: number };
  /** the point that is seen at a place, at the depth of another one */
  toSpace(x: number, y: number, depth: Point): Point;
}
