// Colours for canvases, read from the style sheet, which alone decides them.

import { signal } from "@preact/signals";

export type Colours = Record<
  | "ink" | "faint" | "grid" | "panel" | "panel-2" | "line" | "accent" | "proximal" | "distal" | "other" | "l2" | "l5"
  | "recorded" | "warn" | "csd-mid" | "csd-sink" | "csd-source" | "run-0" | "run-1" | "run-2" | "run-3"
  | "run-4" | "run-5" | "fit" | "heat-0" | "heat-1" | "heat-2" | "heat-3",
  string
>; // prettier-ignore
const NAMES: (keyof Colours)[] = [
  "ink", "faint", "grid", "panel", "panel-2", "line", "accent", "proximal", "distal", "other", "l2", "l5", "recorded",
  "warn", "csd-mid", "csd-sink", "csd-source", "run-0", "run-1", "run-2", "run-3", "run-4",
  "run-5", "fit", "heat-0", "heat-1", "heat-2", "heat-3",
]; // prettier-ignore

export type Choice = "auto" | "dark" | "light";

/** Dark or light, as the system or the hand says; `colours` changes when it does. */
export class Theme {
  readonly choice = signal<Choice>("auto");
  readonly dark = signal(true);
  readonly colours = signal<Colours>({} as Colours);
  readonly #system = matchMedia("(prefers-color-scheme: dark)");
  readonly #follow = () => this.apply();

  constructor(private readonly root: HTMLElement) {
    this.#system.addEventListener("change", this.#follow);
  }

  /** Writes the choice into the page and reads the colours that follow. */
  apply(choice: Choice = this.choice.value): void {
    this.choice.value = choice;
    this.dark.value = choice === "auto" ? this.#system.matches : choice === "dark";
    this.root.dataset.theme = this.dark.value ? "dark" : "light";
    const style = getComputedStyle(this.root);
    const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
    this.colours.value = Object.fromEntries(NAMES.map((n) => [n, read(n)])) as Colours;
  }

  toggle(): void {
    this.apply(this.dark.value ? "light" : "dark");
  }

  close(): void {
    this.#system.removeEventListener("change", this.#follow);
  }
}

/** A colour with an opacity, for canvases. */
export function faded(colour: string, alpha: number): string {
  const percent = Math.round(alpha * 100);
  return `color-mix(in srgb, ${colour} ${percent}%, transparent)`;
}
