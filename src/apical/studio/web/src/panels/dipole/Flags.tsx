import { useRef, useState } from "preact/hooks";
import { fixed, tidy } from "../../model/format";
import { type DriveLook, strength, withStrength } from "../../model/drives";
import { defaultOf, valueOf, withValues } from "../../model/address";
import type { Axis } from "../../plot/axis";
import { GUTTER } from "../../plot/axis";
import { useStudio } from "../../studio";
import type { Moment } from "../../store/state";
import type { Store } from "../../store/store";
import { dragFlag, type Part } from "./drag";

/** Flags of evoked drives: sideways is arrival, up and down strength, edges are spread. */
export function Flags() {
  const { store, axis } = useStudio();
  const looks = store.looks.value.filter((look) => look.kind === "evoked");
  return (
    <div class={`flags ${store.flipped.value ? "away" : ""}`}>
      {looks.map((look) => (
        <Flag key={look.name} look={look} store={store} axis={axis} />
      ))}
    </div>
  );
}

interface Props {
  look: DriveLook;
  store: Store;
  axis: Axis;
}

function Flag({ look, store, axis }: Props) {
  const [held, setHeld] = useState<Part | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const drive = new DriveHandle(look, store);
  const { mu, sigma, factor } = drive;
  const span = axis.tmax.value - axis.tmin.value;
  const share = (mu - axis.tmin.value) / span;
  if (share < 0 || share > 1) return null;
  const left = `calc(${GUTTER.left}px + (100% - ${GUTTER.left + GUTTER.right}px) * ${share})`;
  // never so small that no hand finds its edges
  const half = `max(5px, (100% - ${GUTTER.left + GUTTER.right}px) * ${sigma / span})`;
  const said = `${fixed(mu, 1)} ms, spread ${fixed(sigma, 1)} ms, strength × ${fixed(factor, 2)}`;
  const press = (part: Part) => (event: PointerEvent) => {
    const perMs = (box.current!.parentElement!.clientWidth - GUTTER.left - GUTTER.right) / span;
    dragFlag(event, part, drive, perMs, setHeld);
  };
  return (
    <div class={`flag tone-${look.side} ${held ? "held" : ""}`} ref={box}>
      <div class="flag-line" style={{ left }} />
      <div class="flag-band" style={{ left: `calc(${left} - ${half})`, width: `calc(2 * ${half})` }} />
      <Edge side={-1} look={look} sigma={sigma} left={`calc(${left} - ${half})`} press={press("early")} drive={drive} />
      <Edge side={1} look={look} sigma={sigma} left={`calc(${left} + ${half})`} press={press("late")} drive={drive} />
      <div
        class="flag-knob"
        style={{ left }}
        role="slider"
        tabIndex={0}
        aria-label={`${look.label} arrival`}
        aria-valuemin={0}
        aria-valuemax={axis.end.value}
        aria-valuenow={tidy(mu)}
        aria-valuetext={said}
        aria-description="Left and right: arrival. Up and down: strength. With Alt: spread. With Shift: fine."
        title={`${look.name}: ${said}. Drag sideways for arrival, up and down for strength, the edges for spread; double click: as in the model.`}
        onPointerDown={press("knob")}
        onClick={(event) => event.stopPropagation()}
        onDblClick={() => drive.reset()}
        onPointerEnter={() => (store.hovered.value = drive.path("mu"))}
        onPointerLeave={() => (store.hovered.value = null)}
        onKeyDown={(event) => keys(event, drive)}
        onBlur={() => store.endGesture()}
      >
        <span aria-hidden="true">{look.arrow}</span>
        {look.label}
        {factor !== 1 && <small>×{fixed(factor, 2)}</small>}
      </div>
      {held && <div class="flag-said" style={{ left }}>{readout(held, drive)}</div>}
    </div>
  );
}

interface EdgeProps {
  side: -1 | 1;
  look: DriveLook;
  sigma: number;
  left: string;
  press: (event: PointerEvent) => void;
  drive: DriveHandle;
}

function Edge({ side, look, sigma, left, press, drive }: EdgeProps) {
  return (
    <div
      class={`flag-edge ${side < 0 ? "early" : "late"}`}
      style={{ left }}
      role="slider"
      tabIndex={-1}
      aria-label={`${look.label} spread, ${side < 0 ? "early" : "late"} edge`}
      aria-valuemin={0}
      aria-valuenow={tidy(sigma)}
      aria-valuetext={`${fixed(sigma, 1)} ms`}
      title={`Spread of ${look.label}: ${fixed(sigma, 1)} ms`}
      onPointerDown={press}
      onClick={(event) => event.stopPropagation()}
      onPointerEnter={() => drive.hover("sigma")}
      onPointerLeave={() => drive.hover(null)}
    />
  );
}

function readout(held: Part, drive: DriveHandle): string {
  if (held === "early" || held === "late") return `± ${fixed(drive.sigma, 1)} ms`;
  if (held === "strength") return `× ${fixed(drive.factor, 2)}`;
  return `${fixed(drive.mu, 1)} ms`;
}

/** What a hand on a flag may change. */
export class DriveHandle {
  constructor(
    private readonly look: DriveLook,
    private readonly store: Store,
  ) {}

  path(field: "mu" | "sigma"): string {
    return `drives.${this.look.name}.${field}`;
  }

  get mu(): number {
    return Number(this.store.value(this.path("mu")));
  }

  get sigma(): number {
    return Number(this.store.value(this.path("sigma")));
  }

  get factor(): number {
    return strength(this.store.setup.value, this.store.base.value, this.look.name);
  }

  setTime(field: "mu" | "sigma", value: number): void {
    const { store, look } = this;
    const next = tidy(Math.max(0, value), 6);
    const path = this.path(field);
    const base = store.base.value;
    const what = field === "mu" ? "arrival" : "spread";
    const name = ({ setup }: Moment) =>
      `${look.label} ${what} ${fixed(Number(valueOf(setup, base, path)), 1)} → ${fixed(next, 1)} ms`;
    store.edit(name, (setup) => withValues(setup, base, { [path]: next }), path);
  }

  setFactor(value: number): void {
    const { store, look } = this;
    const next = tidy(Math.max(0, value), 3);
    const base = store.base.value;
    const name = ({ setup }: Moment) =>
      `${look.label} strength × ${fixed(strength(setup, base, look.name), 2)} → ${fixed(next, 2)}`;
    store.edit(name, (setup) => withStrength(setup, base, look.name, next), `drives.${look.name}.strength`);
  }

  hover(field: "mu" | "sigma" | null): void {
    this.store.hovered.value = field && this.path(field);
  }

  /** Back to the model's own times and weights. */
  reset(): void {
    const { store, look } = this;
    const base = store.base.value;
    const setup = store.setup.value;
    store.endGesture();
    const times = {
      [this.path("mu")]: defaultOf(setup, base, this.path("mu")),
      [this.path("sigma")]: defaultOf(setup, base, this.path("sigma")),
    };
    store.edit(`${look.label} as in the model`, (s) => withStrength(withValues(s, base, times), base, look.name, 1));
  }

  endSoon(): void {
    this.store.endSoon();
  }

  end(): void {
    this.store.endGesture();
  }
}

function keys(event: KeyboardEvent, drive: DriveHandle): void {
  const fine = event.shiftKey ? 0.1 : 1;
  const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const up = { ArrowDown: -1, ArrowUp: 1 }[event.key];
  if (side && event.altKey) drive.setTime("sigma", drive.sigma + side * 0.2 * fine);
  else if (side) drive.setTime("mu", drive.mu + side * fine);
  else if (up) drive.setFactor(drive.factor * 1.05 ** (up * fine));
  else if (event.key === "Delete" || event.key === "Backspace") drive.reset();
  else return;
  drive.endSoon();
  event.preventDefault();
}
