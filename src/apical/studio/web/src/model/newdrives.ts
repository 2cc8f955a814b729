// What a drive that is added begins with: it reaches what others at its place reach.

import type { Setup } from "../messages";
import { at, parts, present, type Tree } from "./address";

export const KINDS: { kind: string; location: string; label: string; stem: string }[] = [
  { kind: "evoked", location: "proximal", label: "Evoked, proximal", stem: "evprox" },
  { kind: "evoked", location: "distal", label: "Evoked, distal", stem: "evdist" },
  { kind: "bursty", location: "proximal", label: "Rhythm, proximal", stem: "rhythmprox" },
  { kind: "bursty", location: "distal", label: "Rhythm, distal", stem: "rhythmdist" },
  { kind: "poisson", location: "proximal", label: "Poisson, proximal", stem: "poissonprox" },
  { kind: "poisson", location: "distal", label: "Poisson, distal", stem: "poissondist" },
  { kind: "spike_train", location: "proximal", label: "Spike times, proximal", stem: "trainprox" },
  { kind: "spike_train", location: "distal", label: "Spike times, distal", stem: "traindist" },
];

const WEIGHT = 0.002;

/** A drive of some kind at some place, in the middle of the run. */
export function newDrive(setup: Setup, base: Tree, kind: string, location: string): Tree {
  const common = { kind, location, targets: targetsFor(setup, base, location) };
  const middle = Math.round(setup.duration / 2);
  switch (kind) {
    case "bursty":
      return { ...common, rate: 10, start: Math.min(50, middle), stop: null, sigma: 5, n_spikes: 2, interval: 10 };
    case "poisson":
      return { ...common, rate: 20, start: 0, stop: null };
    case "spike_train":
      return { ...common, trains: [[middle]], cell_specific: false, kernel: null };
    default:
      return { ...common, mu: middle, sigma: 3 };
  }
}

/** A weak current into the somata of one population, throughout the run. */
export function newBias(base: Tree): Tree {
  const populations = Object.entries((base.populations ?? {}) as Record<string, Tree>);
  const [name] = populations.findLast(([, p]) => p.role !== "inhibitory") ?? populations[0] ?? [""];
  return { population: name, section: firstSection(base, name), x: 0.5, amplitude: 0.2, start: 0, stop: null, cells: null };
}

/** The section that a population's cells begin with, which is their soma. */
export function firstSection(base: Tree, population: string): string {
  const cell = at(base, `populations.${population}.cell`);
  return Object.keys((at(base, `cells.${cell}.sections`) ?? { soma: {} }) as Tree)[0];
}

/** Targets of another drive at this place, or every population that excites, weakly. */
function targetsFor(setup: Setup, base: Tree, location: string): Tree {
  for (const name of Object.keys(parts(setup, base, "drives"))) {
    const drive = present(setup, base, "drives", name);
    if (drive.location === location) return drive.targets as Tree;
  }
  const populations = Object.entries((base.populations ?? {}) as Record<string, Tree>);
  const chosen = populations.filter(([, p]) => p.role !== "inhibitory");
  return Object.fromEntries(chosen.map(([name]) => [name, { weights: { ampa: WEIGHT }, delay: 0.1 }]));
}
