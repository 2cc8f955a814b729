import { type Area, Canvas } from "../ui/Canvas";
import type { DriveLook, Side } from "../model/drives";
import { GUTTER } from "../plot/axis";
import { sideColour } from "../plot/tones";
import { faded } from "../plot/theme";
import type { Activity, Spikes } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { activityOf, Beside, ChartName, compared, watchShown } from "./Beside";
import { TimePlot } from "./TimePlot";

/** Width of a bar, in px of the screen. */
const BAR = 3;

/** When drives fire: proximal ones upwards, distal ones downwards. */
export function Strip() {
  const studio = useStudio();
  return (
    <section class="panel panel-strip" data-panel="strip" aria-label="Spikes of the drives">
      <Beside>
        {({ run, name }) => (
          <TimePlot>
            <Canvas
              label="Histogram of the spikes of the drives, proximal upwards, distal downwards"
              watch={() => watchShown(studio, studio.store.spikes, studio.store.looks)}
              draw={(area) => draw(studio, area, activityOf(studio.store, run))}
            />
            <ChartName name={name} />
          </TimePlot>
        )}
      </Beside>
    </section>
  );
}

function draw(studio: Studio, { ctx, width, height }: Area, activity: Activity | null): void {
  const { store, theme } = studio;
  const colours = theme.colours.value;
  const middle = Math.round(height / 2) + 0.5;
  labels(ctx, colours.faint, middle);
  ctx.strokeStyle = colours.line;
  ctx.beginPath();
  ctx.moveTo(GUTTER.left, middle);
  ctx.lineTo(width - GUTTER.right, middle);
  ctx.stroke();
  if (!activity) return;
  const most = Math.max(1, ...compared(store).flatMap((each) => counted(studio, each, width).flatMap(({ bars }) => [...bars])));
  const room = middle - 4;
  for (const { look, bars } of counted(studio, activity, width)) bar(studio, ctx, look, bars, middle, room / most);
}

function counted(studio: Studio, { spikes, looks, populations, sources }: Activity, width: number) {
  const drives = sources.slice(populations.length);
  if (!spikes) return [];
  return looks.map((look) => ({ look, bars: count(studio, spikes, populations.length + drives.indexOf(look.name), width) }));
}

function labels(ctx: CanvasRenderingContext2D, colour: string, middle: number): void {
  ctx.fillStyle = colour;
  ctx.font = "11px Inter Variable, system-ui, sans-serif";
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillText("▲ prox", GUTTER.left - 8, middle - 12);
  ctx.fillText("▼ dist", GUTTER.left - 8, middle + 12);
}

/** Spikes of a source by bars of a few px. */
function count(studio: Studio, spikes: Spikes, source: number, width: number): Uint16Array {
  const bars = new Uint16Array(Math.max(1, Math.ceil((width - GUTTER.left - GUTTER.right) / BAR)));
  for (let i = 0; i < spikes.time.length; i++) {
    if (spikes.source[i] !== source) continue;
    const k = Math.floor((studio.axis.x(spikes.time[i], width) - GUTTER.left) / BAR);
    if (k >= 0 && k < bars.length) bars[k] += 1;
  }
  return bars;
}

function bar(
  studio: Studio,
  ctx: CanvasRenderingContext2D,
  look: DriveLook,
  bars: Uint16Array,
  middle: number,
  scale: number,
): void {
  const up: Record<Side, number> = { proximal: -1, distal: 1, other: -1 };
  ctx.fillStyle = faded(sideColour(studio.theme.colours.value, look.side), 0.75);
  bars.forEach((n, k) => {
    if (!n) return;
    // one spike alone is still to be seen
    const length = Math.max(2, n * scale);
    const top = up[look.side] < 0 ? middle - length : middle;
    ctx.fillRect(GUTTER.left + k * BAR, top, BAR - 0.5, length);
  });
}
