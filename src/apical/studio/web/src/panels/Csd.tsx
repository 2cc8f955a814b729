import { useComputed } from "@preact/signals";
import { short } from "../model/format";
import { once, sizeOf } from "../plot/once";
import { rgb } from "../plot/tones";
import type { Colours } from "../plot/theme";
import type { Details } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { type Area, Canvas } from "../ui/Canvas";
import { Panel } from "../ui/Panel";
import { byHeight, depthLabels } from "./depth";
import { inTwoParts } from "./fresh";
import type { Store } from "../store/store";
import { ArrayChoice } from "./ArrayChoice";
import { activityOf, Beside, ChartName, compared, detailsOf, type Shown, watchShown } from "./Beside";
import { TimePlot } from "./TimePlot";

const BEFORE = 0.4;
const TOP = 4;
/** Share of samples beyond which colours are at their ends: one spike must not pale all else. */
const ENDS = 0.995;

/** Current sources and sinks over height and time. */
export function Csd() {
  return (
    <Panel name="csd" title="CSD" unit="µA/mm³" tools={<Tools />}>
      <Beside>{(shown) => <Map {...shown} />}</Beside>
    </Panel>
  );
}

function Tools() {
  return (
    <>
      <ArrayChoice />
      <Legend />
    </>
  );
}

function Map({ run, name }: Shown) {
  const studio = useStudio();
  const { store } = studio;
  const known = detailsOf(store, run);
  if (known && !known.csd.length) return <p class="empty">Needs a shank of evenly spaced electrodes.</p>;
  return (
    <TimePlot>
      <Canvas
        label="Current source density over height and time; sinks blue, sources red"
        watch={() => watchShown(studio, store.details)}
        draw={(area) => {
          const activity = activityOf(store, run);
          if (activity?.details) draw(studio, area, activity.details, activity.current);
        }}
      />
      <ChartName name={name} />
    </TimePlot>
  );
}

function Legend() {
  const { store } = useStudio();
  // what is drawn changes many times a second, its limit seldom
  const end = useComputed(() => limit(store)).value;
  if (!end) return null;
  return (
    <span class="csd-legend">
      sink −{short(end, 2)}
      <i aria-hidden="true" />+{short(end, 2)} source
    </span>
  );
}

/** The value at which colours end, in all that is compared; 0 if there is none. */
function limit(store: Store): number {
  return Math.max(0, ...compared(store).map(({ details }) => (details?.csd.length ? most(details.csd) : 0)));
}

const most = once((rows: Float32Array[]) => sizeOf(rows, ENDS) || 1);

function draw(studio: Studio, area: Area, details: Details, current: boolean): void {
  const { ctx, width, height } = area;
  const { axis, theme, store } = studio;
  const order = byHeight(details.depth);
  if (!details.csd.length) return;
  const picture = painted(details, order, theme.colours.value, limit(store));
  const left = axis.x(0, width);
  const right = axis.x(details.duration, width);
  const room = height - TOP - 8;
  inTwoParts(area, axis, details, current, (fresh) => {
    ctx.globalAlpha = fresh ? 1 : BEFORE;
    ctx.imageSmoothingEnabled = true;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(picture, left, TOP, right - left, room);
  });
  const heights = order.map((row) => details.depth[row]);
  depthLabels(ctx, theme.colours.value.faint, heights, (place) => TOP + ((place + 0.5) * room) / order.length);
}

/** The map with one pixel for each electrode and column; drawing it larger smooths it. */
function painted(details: Details, order: number[], colours: Colours, end: number): HTMLCanvasElement {
  const columns = details.csd[0].length;
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = order.length;
  const ctx = canvas.getContext("2d")!;
  const image = ctx.createImageData(columns, order.length);
  const ends = [rgb(colours["csd-sink"]), rgb(colours["csd-mid"]), rgb(colours["csd-source"])];
  order.forEach((row, place) => {
    details.csd[row].forEach((value, k) => {
      const share = Math.max(-1, Math.min(1, value / end));
      const side = share < 0 ? ends[0] : ends[2];
      const at = 4 * (place * columns + k);
      for (let c = 0; c < 3; c++)
        image.data[at + c] = ends[1][c] + (side[c] - ends[1][c]) * Math.abs(share);
      image.data[at + 3] = 255;
    });
  });
  ctx.putImageData(image, 0, 0);
  return canvas;
}
