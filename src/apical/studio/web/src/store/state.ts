// What the screen shows: plain values in signals. Nothing here changes the simulation but `setup`.

import type { DataInfo, FitParameter, PopulationInfo, ProblemInfo, Scores, Setup, View } from "../messages";
import type { Tree } from "../model/address";
import type { DriveLook } from "../model/drives";

export type { Scores, Setup, View };

/** What undo goes back to. */
export interface Moment {
  setup: Setup;
  view: View;
}

/** A step of the history; `moment` is what was before it. */
export interface Step {
  name: string;
  moment: Moment;
}

/** The network that is shown, and its cells in space. */
export interface Shape {
  network: Tree;
  base: Tree;
  populations: PopulationInfo[];
  drives: string[];
  /** populations, then drives: what spike sources count */
  sources: string[];
  segments: Float32Array;
  segmentCell: Int32Array;
  somata: Float32Array;
  population: Uint8Array;
}

/** Dipoles of one run, in nAm: `rows[0]` is the total, then one row for each name after the first. */
export interface Wave {
  id: number;
  setup: Setup;
  view: View;
  dt: number;
  duration: number;
  names: string[];
  rows: Float32Array[];
  /** samples from the start that are of this run; what follows is of the run before */
  fresh: number;
  complete: boolean;
}

export interface Spikes {
  time: Float32Array;
  source: Uint16Array;
  cell: Int32Array;
  /** later spikes are of the run before */
  until: number;
}

/** What comes at the end of a run, for panels that draw it whole. */
export interface Details {
  id: number;
  setup: Setup;
  view: View;
  duration: number;
  trials: number;
  bin: number;
  spikes: number;
  seconds: number;
  hash: string;
  scores: Scores | null;
  rates: Float32Array[];
  /** smallest and largest of each column of time, in turn, by electrode; µV */
  lfp: Float32Array[];
  csd: Float32Array[];
  depth: Float32Array;
  psdFrequency: Float32Array;
  psd: Float32Array;
  /** power by frequency, and column of time; none unless the view asks for it */
  tfr: Float32Array[];
  tfrFrequency: Float32Array;
  /** name of the array that `lfp` and `csd` are of */
  electrodes: string;
  /** mean, lowest, highest over trials */
  band: Float32Array[];
  /** while a run goes, time (ms) up to which potentials are of it; what follows is of one before */
  fresh: number;
}

/** What the panels beside the dipole draw of one run. */
export interface Activity {
  populations: PopulationInfo[];
  /** populations, then drives: what spike sources count */
  sources: string[];
  looks: DriveLook[];
  spikes: Spikes | null;
  details: Details | null;
  /** whether it is of what is set */
  current: boolean;
}

export interface Recording {
  info: DataInfo;
  time: Float64Array;
  values: Float64Array;
}

/** A run that was kept, with what it takes to make it again. */
export interface KeptRun {
  key: string;
  name: string;
  /** index into the theme's colours of runs */
  colour: number;
  visible: boolean;
  setup: Setup;
  view: View;
  wave: Wave;
  /** null where it is not known; the server is asked */
  activity: Activity | null;
  scores: Scores | null;
  note: string;
}

/** Runs over a range of one value. */
export interface Sweep {
  label: string;
  unit: string;
  /** what was set when it began, and still is */
  origin: Setup;
  members: { value: number; setup: Setup; wave: Wave | null; scores: Scores | null }[];
}

export interface Slope {
  path: string;
  /** the value where it was taken, of what, and how it is shown */
  at: number;
  setup: Setup;
  view: View;
  slope: Float32Array;
}

export interface FitState {
  id: number;
  running: boolean;
  parameters: FitParameter[];
  candidates: number;
  budget: number;
  /** the loss is that of the mean of so many */
  trials: number;
  loss: number | null;
  losses: number[];
  left: number | null;
  values: Record<string, number>;
  best: Float32Array | null;
  dt: number;
  why: string;
}

export type Status = "live" | "computing" | "preview" | "offline" | "stale";

export const NO_SETUP: Setup = {
  model: "erp", grid: null, removed: [], added: {}, values: {},
  duration: 170, dt: 0.025, trials: 1, seed: 0, precision: "single", rates: "exact",
}; // prettier-ignore
export const NO_VIEW: View = {
  smooth: 0, scale: 1, data: null, tmin: null, tmax: null, shift: 0, factor: 1, electrodes: "", field: "lfp",
}; // prettier-ignore

export type Problems = ProblemInfo[];
