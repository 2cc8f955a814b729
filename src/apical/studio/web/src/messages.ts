// Made by `npm run types` from the Python schema; not edited by hand.

export type FromBrowser = Simulate | Look | Drawn | StartFit | StopFit | StopExport;
export type ToBrowser =
  Hello | Data | Structure | Begin | Chunk | Done | TrialsDone | Sensitivity | Wrong | Saying | FitProgress | FitDone;

/**
 * An array after the header; `offset` counts bytes from the first multiple of 8 after it.
 */
export interface ArrayInfo {
  name: string;
  dtype: "<f4" | "<f8" | "<u2" | "<i4" | "|u1";
  shape: number[];
  offset: number;
}
/**
 * A run begins, or goes on from `since` with something changed.
 */
export interface Begin {
  seq: number;
  arrays: ArrayInfo[];
  type: "begin";
  id: number;
  since: number;
  duration: number;
  dt: number;
  known: boolean;
  warnings: string[];
}
/**
 * A stretch of the run.
 *
 * Arrays: `dipole` (1 + contributing populations, n) f4, nAm, smoothed and scaled as the view
 * says, the total first; its first sample is number `first`. `spike_time` f4 (ms),
 * `spike_source` u2 (populations, then drives), `spike_cell` i4: all spikes after `since`.
 * `lfp`, `csd` and `depth` as in `Done`, of those columns of time that are whole and new, the
 * first of which is number `column` of `columns`.
 */
export interface Chunk {
  seq: number;
  arrays: ArrayInfo[];
  type: "chunk";
  id: number;
  first: number;
  since: number;
  time: number;
  fraction: number;
  names: string[];
  electrodes: string;
  column: number;
  columns: number;
}
/**
 * A recording; arrays `time` (f8, ms) and `values` (f8, nAm).
 */
export interface Data {
  seq: number;
  arrays: ArrayInfo[];
  type: "data";
  info: DataInfo;
}
/**
 * A recording; its samples are `time` (ms) and `values` (nAm) of a `data` frame.
 */
export interface DataInfo {
  key: string;
  name: string;
  samples: number;
  tmin: number;
  tmax: number;
  note: string;
}
/**
 * A run is complete.
 *
 * Arrays: `dipole` as in a chunk, whole; `rates` (sources, bins) f4, Hz, in bins of `bin` ms;
 * `lfp` (electrodes, 2 * columns) f4, µV, smallest and largest of each column of time; `csd`
 * (electrodes, columns) f4, µA/mm³; `depth` (electrodes) f4, µm; `psd_frequency`, `psd` f4
 * (Hz, nAm²/Hz); `tfr` (frequencies, columns), `tfr_frequency` f4 (nAm²/Hz, Hz), if the view asks
 * for a spectrogram; `band` (3, n) f4, mean, lowest and highest over trials, if there are several.
 */
export interface Done {
  seq: number;
  arrays: ArrayInfo[];
  type: "done";
  id: number;
  trials: number;
  names: string[];
  bin: number;
  spikes: number;
  seconds: number;
  scores: Scores | null;
  hash: string;
  electrodes: string;
}
/**
 * How close the wave is to the recording.
 */
export interface Scores {
  rmse: number;
  correlation: number | null;
  r2: number | null;
  tmin: number;
  tmax: number;
  samples: number;
}
/**
 * A frame is on the screen: the next one may come.
 */
export interface Drawn {
  type: "drawn";
  seq: number;
}
/**
 * A fit has ended; `setup` has the best values in place.
 */
export interface FitDone {
  seq: number;
  arrays: ArrayInfo[];
  type: "fit_done";
  id: number;
  why: string;
  candidates: number;
  loss: number | null;
  values: {
    [k: string]: number;
  };
  setup: Setup;
  scale: number | null;
}
/**
 * What is simulated, and how.
 *
 * Parameters
 * ----------
 * model : str
 *     Name of a library model, or the key of a model that was handed to this session.
 * grid : (int, int), optional
 *     Cells of the column along x and y, if not the model's own.
 * removed : tuple of str
 *     Addresses of parts of the model that are left out.
 * added : mapping of field to mapping of name to part
 *     Parts that the model does not have; one that was removed may come back as another.
 * values : mapping of address to value
 *     Single values, of the model's parts or of those added.
 * duration, dt : float, ms
 * trials, seed : int
 * precision : {'single', 'double'}
 * rates : {'exact', 'table'}
 */
export interface Setup {
  model: string;
  grid: [number, number] | null;
  removed: string[];
  added: {
    [k: string]: {
      [k: string]: unknown;
    };
  };
  values: {
    [k: string]: unknown;
  };
  duration: number;
  dt: number;
  trials: number;
  seed: number;
  precision: "single" | "double";
  rates: "exact" | "table";
}
/**
 * What a fit may vary: one address, or several with a common factor on their values.
 */
export interface FitParameter {
  name: string;
  /**
   * @minItems 1
   */
  paths: string[];
  low: number;
  high: number;
  scale: "linear" | "log";
  relative: boolean;
}
/**
 * How far a fit is; array `dipole` (n) f4: the best wave, if there is a new one.
 */
export interface FitProgress {
  seq: number;
  arrays: ArrayInfo[];
  type: "fit_progress";
  id: number;
  candidates: number;
  budget: number;
  loss: number | null;
  values: {
    [k: string]: number;
  };
  left: number | null;
  losses: number[];
}
/**
 * Show this; a newer one takes its place.
 */
export interface Simulate {
  type: "simulate";
  id: number;
  setup: Setup;
  view: View;
}
/**
 * How waves are shown: nothing of it changes the simulation.
 *
 * Parameters
 * ----------
 * smooth : float, ms
 *     Length of the Hamming window that simulated dipoles are smoothed with; 0 for none.
 * scale : float
 *     Factor on simulated dipoles, as the number of columns that act together.
 * data : str, optional
 *     Key of the recording that the wave is compared with.
 * tmin, tmax : float, ms, optional
 *     Where it is compared; without them, wherever both are.
 * shift : float, ms
 *     Added to the recording's times.
 * factor : float
 *     Factor on the recording.
 * electrodes : str
 *     Electrode array whose potentials are shown; the first, if there is none of this name.
 * field : {'lfp', 'psd', 'spectrogram'}
 *     What is shown beside the dipole: potentials, or power of the dipole.
 */
export interface View {
  smooth: number;
  scale: number;
  data: string | null;
  tmin: number | null;
  tmax: number | null;
  shift: number;
  factor: number;
  electrodes: string;
  field: "lfp" | "psd" | "spectrogram";
}
/**
 * Show what was computed last in another way.
 */
export interface Look {
  type: "look";
  id: number;
  view: View;
}
/**
 * Fit the dipole to a recording; what is on the screen is where it begins.
 */
export interface StartFit {
  type: "fit";
  id: number;
  setup: Setup;
  view: View;
  /**
   * @minItems 1
   */
  parameters: FitParameter[];
  method: "cma" | "bayes" | "cobyla" | "lbfgs";
  budget: number;
  trials: number;
  solve_scale: boolean;
}
/**
 * End the fit; the best that it has seen is kept.
 */
export interface StopFit {
  type: "stop_fit";
}
/**
 * Give up what is computed for exports.
 */
export interface StopExport {
  type: "stop_export";
}
/**
 * The first frame: what there is, and what to begin with.
 */
export interface Hello {
  seq: number;
  arrays: ArrayInfo[];
  type: "hello";
  version: string;
  cores: number;
  models: ModelInfo[];
  setup: Setup;
  view: View;
  schema: {
    [k: string]: unknown;
  };
  data: DataInfo[];
}
/**
 * A model that can be chosen; `code` is the Python that loads one that was handed over.
 */
export interface ModelInfo {
  key: string;
  title: string;
  uploaded: boolean;
  code: string;
}
/**
 * A population as the screen needs it.
 */
export interface PopulationInfo {
  name: string;
  n: number;
  layer: string;
  role: string;
  dipole: boolean;
}
/**
 * Something wrong, with its address.
 */
export interface ProblemInfo {
  path: string;
  message: string;
  hint: string;
}
/**
 * What the engine does where it takes long, such as compiling.
 */
export interface Saying {
  seq: number;
  arrays: ArrayInfo[];
  type: "saying";
  text: string;
}
/**
 * How the dipole changes with a value: array `slope` (n) f4, nAm per unit of the value.
 */
export interface Sensitivity {
  seq: number;
  arrays: ArrayInfo[];
  type: "sensitivity";
  id: number;
  path: string;
  at: number;
}
/**
 * The network that is shown, whole, whenever its parts have changed.
 *
 * Arrays: `segments` (n, 6) f4 ends of sections in µm; `segment_cell` (n) i4; `somata`
 * (cells, 3) f4; `population` (cells) u1, index into `populations`.
 */
export interface Structure {
  seq: number;
  arrays: ArrayInfo[];
  type: "structure";
  id: number;
  network: {
    [k: string]: unknown;
  };
  base: {
    [k: string]: unknown;
  };
  populations: PopulationInfo[];
  drives: string[];
}
/**
 * How many trials of several have been computed, of which the first was shown.
 */
export interface TrialsDone {
  seq: number;
  arrays: ArrayInfo[];
  type: "trials";
  id: number;
  done: number;
  trials: number;
}
/**
 * What was asked for cannot be done; what was there before stays.
 */
export interface Wrong {
  seq: number;
  arrays: ArrayInfo[];
  type: "wrong";
  id: number;
  problems: ProblemInfo[];
}
