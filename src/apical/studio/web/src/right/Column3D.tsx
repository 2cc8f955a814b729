import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { plainName } from "../plot/tones";
import { type Studio, usePaint, useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Canvas } from "../ui/Canvas";
import { Panel } from "../ui/Panel";
import { flashes } from "./column/flashes";
import { drawFlat } from "./column/flat";
import { firstCells } from "./column/places";
import { placeAt, placed } from "./column/placing";
import { usePlay } from "./column/play";
import { PlacingButton, PlacingNote, Probes } from "./column/Probes";
import type { Projection } from "./column/projection";
import type { Column, Label, Preset } from "./column/scene";

const PRESETS: [Preset, string, string][] = [
  ["front", "From the front", "front"],
  ["oblique", "From above and the side", "oblique"],
  ["top", "From above", "top"],
];

/** How far (px) a pointer may move between press and release of a click. */
const STILL = 4;

/** The cells in space; they flash when they fire. */
export function Column3D() {
  const studio = useStudio();
  const state = useMemo(
    () => ({
      column: signal<Column | null>(null),
      failed: signal(false),
      labels: signal<Label[]>([]),
      moved: signal(0),
    }),
    [],
  );
  usePlay(studio);
  const now = studio.axis.now.value;
  return (
    <Panel
      name="column"
      title="Column"
      note={now === null ? undefined : `${now.toFixed(1)} ms`}
      tools={<><PlacingButton /><Play /></>}
    >
      {state.failed.value ? <Flat /> : <Space {...state} />}
      <PlacingNote />
      {!state.failed.value && (
        <div class="column-presets">
          {PRESETS.map(([preset, label, text]) => (
            <Button key={preset} label={label} kind="ghost" onClick={() => (state.column.value?.look(preset), state.moved.value++)}>
              {text}
            </Button>
          ))}
        </div>
      )}
    </Panel>
  );
}

function Play() {
  const { playing } = useStudio();
  return (
    <Button
      label={playing.value ? "Pause (space)" : "Play the spikes at a twentieth of their speed (space)"}
      kind="ghost"
      pressed={playing.value}
      icon={playing.value ? "pause" : "play"}
      onClick={() => (playing.value = !playing.value)}
    />
  );
}

interface SpaceProps {
  column: { value: Column | null };
  failed: { value: boolean };
  labels: { value: Label[] };
  moved: { value: number };
}

function Space({ column, failed, labels, moved }: SpaceProps) {
  const studio = useStudio();
  const { store, axis, theme } = studio;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pressed = useRef([0, 0]);
  const size = useMemo(() => signal({ width: 0, height: 0 }), []);
  const view = useMemo(() => signal<Projection | null>(null), []);
  useEffect(() => {
    let gone = false;
    // asked first: without it there is no need to load what draws in space
    if (!canvas.current!.getContext("webgl2", { antialias: true })) {
      failed.value = true;
      return undefined;
    }
    import("./column/scene")
      .then(({ Column: Scene }) => {
        if (!gone) column.value = new Scene(canvas.current!, () => moved.value++);
      })
      .catch(() => (failed.value = true));
    const box = canvas.current!;
    const observer = new ResizeObserver(() => {
      size.value = { width: box.clientWidth, height: box.clientHeight };
    });
    observer.observe(box);
    return () => {
      gone = true;
      observer.disconnect();
      column.value?.close();
      column.value = null;
    };
  }, []);
  // the cells first, then what flashes, then the picture: each only when it changes
  usePaint(
    () => [column.value, store.shape.value, theme.colours.value],
    () => {
      if (!store.shape.value) return;
      column.value?.show(store.shape.value, theme.colours.value, theme.dark.value);
      moved.value++;
    },
  );
  usePaint(
    () => [moved.value, size.value, axis.now.value === null || store.spikes.value],
    () => {
      const shape = store.shape.value;
      if (!column.value || !shape) return;
      const bright = flashes(shape, store.spikes.value, axis.now.value);
      column.value.flash(bright, theme.colours.value, theme.dark.value);
      labels.value = column.value.render(size.value.width, size.value.height);
      view.value = column.value.projection(size.value.width, size.value.height);
    },
  );
  const click = (event: MouseEvent) => {
    const [x, y] = pressed.current;
    // who has turned the column has not clicked
    if (Math.hypot(event.clientX - x, event.clientY - y) > STILL) return;
    if (placed(studio) !== null && view.value) placeAt(studio, view.value, event.offsetX, event.offsetY, event.shiftKey);
    else tell(studio, column.value, event);
  };
  return (
    <div class="column-space">
      <canvas
        ref={canvas}
        class="canvas"
        role="img"
        aria-label="The cells of the column in space; drag to turn, click a cell for its spikes"
        onPointerDown={(event) => (pressed.current = [event.clientX, event.clientY])}
        onClick={click}
      />
      <Probes view={view} />
      {labels.value.map(({ name, y }) => (
        <span key={name} class="column-layer" style={{ top: `${y}px` }}>
          {name}
        </span>
      ))}
    </div>
  );
}

/** Says when a cell that was clicked fires. */
function tell(studio: Studio, column: Column | null, event: MouseEvent): void {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * 2 - 1;
  const y = 1 - ((event.clientY - box.top) / box.height) * 2;
  const cell = column?.cellAt(x, y) ?? null;
  const shape = studio.store.shape.value;
  if (cell === null || !shape) return;
  const k = shape.population[cell];
  const own = cell - firstCells(shape)[k];
  const spikes = studio.store.spikes.value;
  const times = spikes ? [...spikes.time].filter((_, i) => spikes.source[i] === k && spikes.cell[i] === own) : [];
  const said = times.length ? `fires at ${times.map((t) => t.toFixed(1)).join(", ")} ms` : "does not fire";
  studio.say(`${plainName(shape.populations[k].name)} ${own} ${said}`);
}

function Flat() {
  const studio = useStudio();
  const { store, axis, theme } = studio;
  const view = useMemo(() => signal<Projection | null>(null), []);
  return (
    <div class="column-space">
      <Canvas
        label="The cells of the column from the front"
        watch={() => [store.shape.value, store.spikes.value, axis.now.value]}
        draw={(area) => {
          const shape = store.shape.value;
          if (!shape) return;
          view.value = drawFlat(area, shape, flashes(shape, store.spikes.value, axis.now.value), theme.colours.value);
        }}
        onClick={(event) => view.value && placeAt(studio, view.value, event.offsetX, event.offsetY, event.shiftKey)}
      />
      <Probes view={view} />
    </div>
  );
}
