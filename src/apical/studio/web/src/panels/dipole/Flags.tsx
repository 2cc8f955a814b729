import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fixed, tidy } from "../../model/format";
import { type Axis, GUTTER } from "../../plot/axis";
import { useStudio } from "../../studio";
import { dragFlag, type Part } from "./drag";
import { DriveHandle } from "./handle";
import { apart } from "./lane";

/** Flags of all inputs: sideways is when, up and down how strong, edges are spread or window. */
export function Flags() {
  const { store, axis } = useStudio();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const drives = store.inputs.value.map((look) => new DriveHandle(look, store));
  const knobs = drives.map((drive) => ({ x: axis.x(drive.arrival, width), width: knobWidth(drive) }));
  const inside = knobs.map(({ x }) => x >= GUTTER.left - 0.5 && x <= width - GUTTER.right + 0.5);
  const places = apart(knobs, inside, width);
  return (
    <div class={`flags ${store.flipped.value ? "away" : ""}`} ref={box}>
      {width > 0 &&
        drives.map((drive, i) => (
          <Flag key={`${drive.look.field}.${drive.look.name}`} drive={drive} width={width} knob={inside[i] ? places[i] : null} />
        ))}
    </div>
  );
}

function useWidth(box: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** About what the letters of a knob take, px. */
function knobWidth(drive: DriveHandle): number {
  return 27 + 7.2 * drive.look.label.length + (badge(drive) ? 4 + 6.4 * badge(drive).length : 0);
}

/** How strong it is, where that is not what goes without saying. */
function badge(drive: DriveHandle): string {
  if (drive.handles.strength) return drive.saidHeight;
  return drive.height === 1 ? "" : `×${fixed(drive.height, 2)}`;
}

interface Props {
  drive: DriveHandle;
  width: number;
  /** where the knob is drawn; null outside of what is shown */
  knob: number | null;
}

function Flag({ drive, width, knob }: Props) {
  const { axis } = useStudio();
  const [held, setHeld] = useState<Part | null>(null);
  const { look, spread, until } = drive;
  const perMs = (width - GUTTER.left - GUTTER.right) / (axis.tmax.value - axis.tmin.value);
  const press = (part: Part) => (event: PointerEvent) => dragFlag(event, part, drive, perMs, setHeld);
  const x = axis.x(drive.arrival, width);
  // never so small that no hand finds its edges
  const half = Math.max(5, (spread ?? 0) * perMs);
  const edge = (part: Part, word: string, at: number, value: number) => (
    <Edge part={part} label={`${look.label} ${word}`} at={at} value={value} width={width} press={press(part)} drive={drive} />
  );
  return (
    <div class={`flag tone-${look.side} ${held ? "held" : ""}`}>
      {until !== null && <Span class="flag-window" from={x} to={axis.x(until, width)} width={width} />}
      {drive.marks.map((time, k) => (
        <Span key={k} class="flag-mark" from={axis.x(time, width) - 1} to={axis.x(time, width) + 1} width={width} />
      ))}
      {knob !== null && <div class="flag-line" style={{ left: `${x}px` }} />}
      {spread !== null && <Span class="flag-band" from={x - half} to={x + half} width={width} />}
      {spread !== null && edge("early", "spread, early edge", x - half, spread)}
      {spread !== null && edge("late", "spread, late edge", x + half, spread)}
      {spread === null && until !== null && edge("from", "begins", x, drive.arrival)}
      {until !== null && edge("until", "ends", axis.x(until, width), until)}
      {knob !== null && <Knob drive={drive} axis={axis} left={knob} press={press("knob")} />}
      {held && <div class="flag-said" style={{ left: `${knob ?? x}px` }}>{readout(held, drive)}</div>}
    </div>
  );
}

/** A bar in the lane, no farther than the plot. */
function Span({ class: name, from, to, width }: { class: string; from: number; to: number; width: number }) {
  const left = Math.max(from, GUTTER.left - 6);
  const right = Math.min(to, width - GUTTER.right + 6);
  return right > left ? <div class={name} style={{ left: `${left}px`, width: `${right - left}px` }} /> : null;
}

interface KnobProps {
  drive: DriveHandle;
  axis: Axis;
  left: number;
  press: (event: PointerEvent) => void;
}

function Knob({ drive, axis, left, press }: KnobProps) {
  const { look, handles } = drive;
  const edges = handles.spread ? ", the edges for spread" : handles.until ? ", the edges for begin and end" : "";
  const withAlt = handles.spread ? " With Alt: spread." : handles.until ? " With Alt: end." : "";
  return (
    <div
      class="flag-knob"
      style={{ left: `${left}px` }}
      role="slider"
      tabIndex={0}
      aria-label={`${look.label} ${handles.word}`}
      aria-valuemin={0}
      aria-valuemax={axis.end.value}
      aria-valuenow={tidy(drive.arrival)}
      aria-valuetext={drive.said}
      aria-description={`Left and right: ${handles.word}. Up and down: strength.${withAlt} With Shift: fine.`}
      title={`${look.name}: ${drive.said}. Drag sideways for ${handles.word}, up and down for strength${edges}; double click: as in the model.`}
      onPointerDown={press}
      onClick={(event) => event.stopPropagation()}
      onDblClick={() => drive.reset()}
      onPointerEnter={() => drive.hover(handles.arrival)}
      onPointerLeave={() => drive.hover(null)}
      onKeyDown={(event) => keys(event, drive)}
      onBlur={() => drive.endGesture()}
    >
      <span aria-hidden="true">{look.arrow}</span>
      {look.label}
      {badge(drive) && <small>{badge(drive)}</small>}
    </div>
  );
}

interface EdgeProps {
  part: Part;
  label: string;
  at: number;
  value: number;
  width: number;
  press: (event: PointerEvent) => void;
  drive: DriveHandle;
}

function Edge({ part, label, at, value, width, press, drive }: EdgeProps) {
  if (at < GUTTER.left - 20 || at > width - GUTTER.right + 20) return null;
  return (
    <div
      class={`flag-edge ${part}`}
      style={{ left: `${at}px` }}
      role="slider"
      tabIndex={-1}
      aria-label={label}
      aria-valuemin={0}
      aria-valuenow={tidy(value)}
      aria-valuetext={`${fixed(value, 1)} ms`}
      title={`${label}: ${fixed(value, 1)} ms`}
      onPointerDown={press}
      onClick={(event) => event.stopPropagation()}
      onPointerEnter={() => drive.hover(drive.handles.spread)}
      onPointerLeave={() => drive.hover(null)}
    />
  );
}

function readout(held: Part, drive: DriveHandle): string {
  if (held === "early" || held === "late") return `± ${fixed(drive.spread ?? 0, 1)} ms`;
  if (held === "strength") return drive.saidHeight;
  if (held === "until") return `ends ${fixed(drive.until ?? 0, 1)} ms`;
  return `${fixed(drive.arrival, 1)} ms`;
}

function keys(event: KeyboardEvent, drive: DriveHandle): void {
  const fine = event.shiftKey ? 0.1 : 1;
  const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const up = { ArrowDown: -1, ArrowUp: 1 }[event.key];
  if (side && event.altKey && drive.spread !== null) drive.setSpread(drive.spread + side * 0.2 * fine);
  else if (side && event.altKey && drive.until !== null) drive.setUntil(drive.until + side * fine);
  else if (side) drive.setArrival(drive.arrival + side * fine);
  else if (up) drive.setHeight(drive.raised(drive.height, up * fine * Math.log2(1.05)));
  else if (event.key === "Delete" || event.key === "Backspace") drive.reset();
  else return;
  drive.endSoon();
  event.preventDefault();
}
