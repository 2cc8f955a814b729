import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Signal, signal } from "@preact/signals";
import { same } from "../../model/address";
import type { KeptRun } from "../../store/state";
import { type Studio, usePaint, useStudio } from "../../studio";
import { ChartName } from "../Beside";
import { TimePlot } from "../TimePlot";
import { Flags } from "./Flags";
import { DipolePlot } from "./plot";
import { type Span, sticky } from "./range";
import { extent } from "./samples";
import { type Trace, traces } from "./traces";
import { Trouble } from "./Trouble";
import { Window } from "./Window";

interface Props {
  /** a kept run that takes the place of the present one */
  run: KeptRun | null;
  /** the vertical axis, which two charts beside each other have in common */
  span: Signal<Span | null>;
  /** what a chart is called beside another */
  name: string | null;
  /** only to be looked at */
  still: boolean;
}

/** Lines, flags and window over the shared time axis. */
export function DipoleChart({ run, span, name, still }: Props) {
  const studio = useStudio();
  const { store, axis, theme } = studio;
  const box = useRef<HTMLDivElement>(null);
  const size = useMemo(() => signal({ width: 0, height: 0 }), []);
  const shown = useRef(run);
  shown.current = run;
  const plot = useRef<DipolePlot | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      size.value = { width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) };
    });
    observer.observe(box.current!);
    plot.current = new DipolePlot(box.current!);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, []);
  const again = useMemo(() => signal(0), []);
  useEffect(() => void (again.value += 1), [run]);
  usePaint(
    () => {
      watched(studio);
      size.value;
      span.value;
      again.value;
    },
    () => draw(studio, { plot: plot.current, span }, shown.current, size.value),
  );
  const label = `Dipole over time, ${theme.dark.value ? "light on dark" : "dark on light"}`;
  return (
    <TimePlot class="dipole-chart">
      <div class="dipole-plot" ref={box} role="img" aria-label={label} />
      {!still && <Window />}
      {!still && <Flags />}
      <ChartName name={name} full />
      {axis.zoom.value && <span class="zoom-mark">zoomed · 0 shows all</span>}
      {!still && <Trouble />}
      {!store.wave.value && !store.problems.value.length && <span class="waiting">{store.saying.value || "the first run begins …"}</span>}
    </TimePlot>
  );
}

/** Reads every signal that changes the lines. */
function watched({ store, axis, theme, hidden, gain }: Studio): void {
  store.wave.value;
  store.details.value;
  store.kept.value;
  store.recordings.value;
  store.setup.value;
  store.view.value;
  store.slopes.value;
  store.hovered.value;
  store.hand.value;
  store.fit.value;
  axis.zoom.value;
  theme.colours.value;
  hidden.value;
  gain.value;
}

function draw(
  studio: Studio,
  { plot, span }: { plot: DipolePlot | null; span: Signal<Span | null> },
  run: KeptRun | null,
  { width, height }: { width: number; height: number },
): void {
  const { store, axis, theme } = studio;
  const wave = run?.wave ?? store.wave.value;
  if (!wave?.rows.length || !plot || width < 80 || height < 60) return;
  const lines = traces(store, wave, studio.hidden.value);
  const [tmin, tmax] = [axis.tmin.value, axis.tmax.value];
  // of two charts the one would shrink what the other has grown
  const calm = !store.hand.value && store.current.value && !store.sideBySide.value;
  const next = sticky(span.value, seen(lines, wave.dt, tmin, tmax), calm);
  if (!same(next, span.value)) span.value = next;
  const { low, high } = next;
  const gain = studio.gain.value;
  plot.draw(
    {
      traces: lines,
      n: wave.rows[0].length,
      dt: wave.dt,
      fresh: run ? Infinity : wave.complete ? Infinity : wave.fresh * wave.dt,
      tmin,
      tmax,
      low: low / gain,
      high: high / gain,
    },
    theme.colours.value,
    width,
    height,
  );
  const previewing = wave.setup !== store.setup.value && lines.some((line) => line.key === "preview");
  if (store.previewing.value !== previewing) store.previewing.value = previewing;
}

function seen(lines: Trace[], dt: number, tmin: number, tmax: number): Span {
  const spans = lines
    .filter((line) => !line.helper || line.key === "band-low")
    .map((line) => extent(line.values, dt, tmin, tmax))
    .filter((span) => span !== null);
  return {
    low: Math.min(0, ...spans.map(([low]) => low)),
    high: Math.max(0, ...spans.map(([, high]) => high)),
  };
}
