// uPlot as we use it: lines, grid and axes. Crosshair, flags and window are ours, above it.

import uPlot from "uplot";
import { GUTTER, ticks } from "../../plot/axis";
import { fixed } from "../../model/format";
import { type Colours, faded } from "../../plot/theme";
import type { Trace, Values } from "./traces";

/** Room above the lines for the flags of drives, and below for times; px. */
export const LANE = 30;
const TIMES = 24;

export interface Scene {
  traces: Trace[];
  n: number;
  dt: number;
  /** time up to which lines are of this run */
  fresh: number;
  tmin: number;
  tmax: number;
  low: number;
  high: number;
}

/** A plot that is made anew only when its lines are other ones. */
export class DipolePlot {
  #plot: uPlot | null = null;
  #made = "";
  #time = new Float64Array();
  #scene: Scene | null = null;

  constructor(private readonly box: HTMLElement) {}

  draw(scene: Scene, colours: Colours, width: number, height: number): void {
    this.#scene = scene;
    const key = scene.traces.map((t) => `${t.key}:${t.tone}`).join() + JSON.stringify(colours);
    if (!this.#plot || key !== this.#made) this.#make(key, colours, width, height);
    const plot = this.#plot!;
    if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
    plot.batch(() => {
      plot.setData([this.#times(scene), ...scene.traces.map((t) => broken(t, scene, plot.width))] as uPlot.AlignedData, false);
      plot.setScale("x", { min: scene.tmin, max: scene.tmax });
      plot.setScale("y", { min: scene.low, max: scene.high });
    });
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #times({ n, dt }: Scene): Float64Array {
    if (this.#time.length !== n || this.#time[1] !== dt) {
      this.#time = Float64Array.from({ length: n }, (_, i) => i * dt);
    }
    return this.#time;
  }

  #make(key: string, colours: Colours, width: number, height: number): void {
    this.destroy();
    this.#made = key;
    const traces = this.#scene!.traces;
    const edge = traces.findIndex((t) => t.edge);
    const options: uPlot.Options = {
      width,
      height,
      padding: [LANE, GUTTER.right, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: axes(colours),
      series: [{}, ...traces.map((trace, i) => this.#series(trace, i, colours))],
      bands: edge < 0 ? [] : [{ series: [edge + 1, edge + 2], fill: faded(colours.ink, 0.12) }],
    };
    this.#plot = new uPlot(options, [[], ...traces.map(() => [])] as unknown as uPlot.AlignedData, this.box);
  }

  #series(trace: Trace, index: number, colours: Colours): uPlot.Series {
    const colour = faded(colours[trace.tone], trace.alpha ?? 1);
    return {
      stroke: trace.ages ? (plot) => this.#aged(plot, colour) : colour,
      width: trace.width,
      dash: trace.dash,
      points: { show: false },
      spanGaps: false,
      label: `${index}`,
    };
  }

  /** Full strength up to where the run has come, 40 % after it. */
  #aged(plot: uPlot, colour: string): string | CanvasGradient {
    const { fresh, tmin, tmax } = this.#scene!;
    const share = (fresh - tmin) / (tmax - tmin);
    if (share >= 1) return colour;
    if (share <= 0) return faded(colour, 0.4);
    const { left, width } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(left, 0, left + width, 0);
    gradient.addColorStop(0, colour);
    gradient.addColorStop(share, colour);
    gradient.addColorStop(share, faded(colour, 0.4));
    gradient.addColorStop(1, faded(colour, 0.4));
    return gradient;
  }
}

/** Room of ` ms` beyond the middle of a tick, px. */
const UNIT = 12;

/** Two runs in one line are no jump of the wave: a gap parts what is fresh from what was before. */
function broken({ ages, values }: Trace, { fresh, n, dt, tmin, tmax }: Scene, width: number): Values {
  const first = Math.round(fresh / dt);
  if (!ages || !(first > 0 && first < n)) return values;
  const gap = Math.ceil((3 * (tmax - tmin)) / dt / Math.max(width, 1));
  const out: (number | null)[] = Array.from(values);
  return out.fill(null, first, first + gap);
}

function axes(colours: Colours): uPlot.Axis[] {
  const common: Partial<uPlot.Axis> = {
    stroke: colours.faint,
    font: '11px "Inter Variable", sans-serif',
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  return [
    {
      ...common,
      size: TIMES,
      gap: 4,
      splits: (plot, _, min, max) => ticks(min, max, plot.width, 90),
      values: (plot, splits) => {
        // the unit stands at the last tick that has room for it
        const last = splits.findLastIndex((t) => plot.valToPos(t, "x") < plot.width - GUTTER.left - GUTTER.right - UNIT);
        return splits.map((t, i) => (i === last ? `${t} ms` : `${t}`));
      },
    },
    {
      ...common,
      size: GUTTER.left,
      gap: 8,
      splits: (plot, _, min, max) => ticks(min, max, plot.height, 48),
      values: (_, splits) => splits.map((y) => fixed(y, decimals(splits))),
    },
  ];
}

function decimals(splits: number[]): number {
  const step = splits.length > 1 ? Math.abs(splits[1] - splits[0]) : 1;
  return Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)));
}
