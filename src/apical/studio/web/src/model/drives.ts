// What the screen calls drives, and the one factor on all weights of a drive.

import type { Setup } from "../messages";
import { at, defaultOf, parts, type Tree, valueOf, withValues } from "./address";
import { tidy } from "./format";

export type Side = "proximal" | "distal" | "other";

/** How a drive appears: `P1`, `D1` …, in the order of arrival in the model; `Pr1`, `Dn1` … if it is not evoked. */
export interface DriveLook {
  field: "drives" | "biases";
  name: string;
  label: string;
  kind: string;
  side: Side;
  /** proximal input comes from below, distal from above */
  arrow: string;
}

const ARROWS: Record<Side, string> = { proximal: "▲", distal: "▼", other: "◆" };

/** Rhythms, noise and given times are counted apart: evoked inputs keep their names beside them. */
const KINDS: Record<string, string> = { evoked: "", bursty: "r", poisson: "n", spike_train: "t" };

/** The looks of all drives, evoked ones first, in the order of arrival. */
export function driveLooks(setup: Setup, base: Tree): DriveLook[] {
  const drives = Object.entries(parts(setup, base, "drives") as Record<string, Tree>);
  const time = (drive: Tree) => Number(drive.mu ?? drive.start ?? 0);
  const later = (drive: Tree) => Number(drive.kind !== "evoked");
  drives.sort(([, a], [, b]) => later(a) - later(b) || time(a) - time(b));
  const count: Record<string, number> = {};
  return drives.map(([name, drive]) => {
    const side = sideOf(String(drive.location));
    const letter = (side === "other" ? "X" : side[0].toUpperCase()) + (KINDS[String(drive.kind)] ?? "");
    count[letter] = (count[letter] ?? 0) + 1;
    const label = `${letter}${count[letter]}`;
    return { field: "drives", name, label, kind: String(drive.kind), side, arrow: ARROWS[side] };
  });
}

/** The looks of currents into cells, which are shown among the drives: `I1`, `I2` … */
export function biasLooks(setup: Setup, base: Tree): DriveLook[] {
  return Object.keys(parts(setup, base, "biases")).map((name, i) => ({
    field: "biases", name, label: `I${i + 1}`, kind: "bias", side: "other", arrow: "■",
  })); // prettier-ignore
}

function sideOf(location: string): Side {
  return location === "proximal" || location === "distal" ? location : "other";
}

/** Addresses of a drive's weights. */
export function weightPaths(setup: Setup, base: Tree, drive: string): string[] {
  const targets = (valueOf(setup, base, `drives.${drive}.targets`) ?? {}) as Tree;
  return Object.entries(targets).flatMap(([population, target]) =>
    Object.keys((target as { weights: Tree }).weights).map(
      (receptor) => `drives.${drive}.targets.${population}.weights.${receptor}`,
    ),
  );
}

/** Sum of a drive's weights relative to what it began with. */
export function strength(setup: Setup, base: Tree, drive: string): number {
  let now = 0;
  let begun = 0;
  for (const path of weightPaths(setup, base, drive)) {
    now += Number(valueOf(setup, base, path));
    begun += Number(defaultOf(setup, base, path));
  }
  return begun > 0 ? tidy(now / begun) : 1;
}

/** The setup with all weights of a drive multiplied so that its strength is `factor`. */
export function withStrength(setup: Setup, base: Tree, drive: string, factor: number): Setup {
  const paths = weightPaths(setup, base, drive);
  const before = strength(setup, base, drive);
  const values: Tree = {};
  for (const path of paths) {
    // from the first value where proportions are untouched, so that no rounding adds up
    const begun = Number(defaultOf(setup, base, path));
    const now = Number(valueOf(setup, base, path));
    const alike = Math.abs(now - begun * before) <= 1e-6 * Math.abs(begun);
    values[path] = tidy(alike || before === 0 ? begun * factor : (now / before) * factor, 9);
  }
  return withValues(setup, base, values);
}

/** Whether a drive is one that the model does not have. */
export function isAdded(setup: Setup, drive: string): boolean {
  return at(setup.added, `drives.${drive}`) !== undefined;
}
