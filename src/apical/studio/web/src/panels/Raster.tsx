import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { PopulationInfo } from "../messages";
import { GUTTER } from "../plot/axis";
import { faded } from "../plot/theme";
import { isInhibitory, layerColour, plainName } from "../plot/tones";
import type { Activity, Details, Spikes } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { Button } from "../ui/Button";
import { type Area, Canvas } from "../ui/Canvas";
import { Panel } from "../ui/Panel";
import { activityOf, Beside, ChartName, compared, watchShown } from "./Beside";
import { TimePlot } from "./TimePlot";

/** Height that no population's band goes below, and the space between bands; px. */
const LEAST = 13;
const GAP = 5;
/** Opacity of spikes of the run before. */
const BEFORE = 0.4;

interface Band {
  population: PopulationInfo;
  top: number;
  height: number;
}

/** Spikes of all cells by cell type, with the rates of the types. */
export function Raster() {
  const studio = useStudio();
  const { store } = studio;
  const rates = useMemo(() => signal(true), []);
  const cells = store.shape.value?.populations.reduce((n, p) => n + p.n, 0);
  return (
    <Panel
      name="raster"
      title="Spikes"
      unit="by cell type"
      note={cells ? <Count /> : undefined}
      tools={
        <Button
          label="Rate of each cell type, in Hz"
          kind="ghost"
          pressed={rates.value}
          onClick={() => (rates.value = !rates.value)}
        >
          rates
        </Button>
      }
    >
      <Beside>
        {({ run, name }) => (
          <TimePlot>
            <Canvas
              label="Raster of the spikes of all cells, by cell type"
              watch={() => {
                watchShown(studio, store.spikes, store.shape, store.details);
                rates.value;
              }}
              draw={(area) => draw(studio, area, activityOf(store, run), rates.value)}
            />
            <ChartName name={name} />
          </TimePlot>
        )}
      </Beside>
    </Panel>
  );
}

/** How many spikes there are, only while they are of the run on the screen. */
function Count() {
  const { store } = useStudio();
  const details = store.details.value;
  return <>{store.current.value && details ? `${details.spikes} spikes` : ""}</>;
}

function draw(studio: Studio, area: Area, activity: Activity | null, withRates: boolean): void {
  if (!activity) return;
  const { populations, spikes, details, current } = activity;
  const bands = bandsOf(populations, area.height);
  names(studio, area, bands);
  if (spikes) marks(studio, area, bands, spikes);
  if (withRates && details) curves(studio, area, bands, details, current);
}

/** Bands as high as their numbers of cells say, but never too low to be read. */
function bandsOf(populations: PopulationInfo[], height: number): Band[] {
  const room = height - 6 - GAP * (populations.length - 1);
  const spare = Math.max(0, room - LEAST * populations.length);
  const cells = populations.reduce((n, p) => n + p.n, 0) || 1;
  let top = 3;
  return populations.map((population) => {
    const own = LEAST + (spare * population.n) / cells;
    const band = { population, top, height: own };
    top += own + GAP;
    return band;
  });
}

function names(studio: Studio, { ctx, width }: Area, bands: Band[]): void {
  const colours = studio.theme.colours.value;
  ctx.font = "11px Inter Variable, system-ui, sans-serif";
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const { population, top, height } of bands) {
    ctx.fillStyle = layerColour(colours, population.layer);
    ctx.fillText(short(population), GUTTER.left - 8, top + height / 2, GUTTER.left - 12);
    ctx.fillStyle = faded(colours.grid, 0.55);
    ctx.fillRect(GUTTER.left, top, width - GUTTER.left - GUTTER.right, height);
  }
}

/** Names that fit into the gutter: `L5 pyr`. */
function short(population: PopulationInfo): string {
  return plainName(population.name).replace("pyramidal", "pyr").replace("basket", "bask");
}

function marks(studio: Studio, { ctx, width }: Area, bands: Band[], spikes: Spikes): void {
  const { axis, theme } = studio;
  const colours = theme.colours.value;
  const inks = bands.map(({ population }) => layerColour(colours, population.layer));
  const pale = inks.map((ink) => faded(ink, BEFORE));
  for (let i = 0; i < spikes.time.length; i++) {
    const k = spikes.source[i];
    const band = bands[k];
    if (!band) continue;
    const x = axis.x(spikes.time[i], width);
    if (x < GUTTER.left || x > width - GUTTER.right) continue;
    const y = band.top + ((spikes.cell[i] + 0.5) / band.population.n) * band.height;
    const ink = spikes.time[i] > spikes.until ? pale[k] : inks[k];
    if (isInhibitory(band.population)) {
      ctx.strokeStyle = ink;
      ctx.lineWidth = 0.9;
      ctx.strokeRect(x - 1.1, y - 1.1, 2.2, 2.2);
    } else {
      ctx.fillStyle = ink;
      ctx.fillRect(x - 1, y - 1, 2, 2);
    }
  }
}

/** Rates as lines over the bands, all to one scale, which is written at the right. */
function curves(studio: Studio, { ctx, width }: Area, bands: Band[], details: Details, current: boolean): void {
  const { axis, theme, store } = studio;
  const shown = details.rates.slice(0, bands.length);
  const rows = compared(store).flatMap((each) => each.details?.rates.slice(0, each.populations.length) ?? []);
  const highest = Math.max(...rows.map((row) => row.reduce((a, b) => Math.max(a, b), 0)), 1);
  const colours = theme.colours.value;
  ctx.strokeStyle = faded(colours.ink, current ? 0.5 : 0.2);
  ctx.lineWidth = 1;
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER.left, 0, width - GUTTER.left - GUTTER.right, 1e4);
  ctx.clip();
  shown.forEach((row, k) => {
    const { top, height } = bands[k];
    ctx.beginPath();
    row.forEach((rate, bin) => {
      const x = axis.x((bin + 0.5) * details.bin, width);
      ctx.lineTo(x, top + height * (1 - rate / highest));
    });
    ctx.stroke();
  });
  ctx.restore();
  const text = `rates 0–${Math.round(highest)} Hz`;
  const wide = ctx.measureText(text).width + 8;
  ctx.fillStyle = faded(colours.panel, 0.85);
  ctx.fillRect(width - GUTTER.right - wide, bands[0].top, wide, 15);
  ctx.fillStyle = colours.faint;
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(text, width - GUTTER.right - 4, bands[0].top + 2);
}
