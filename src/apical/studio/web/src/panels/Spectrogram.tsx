import { short } from "../model/format";
import { GUTTER, ticks } from "../plot/axis";
import type { Colours } from "../plot/theme";
import { rgb } from "../plot/tones";
import type { Activity } from "../store/state";
import type { Store } from "../store/store";
import { type Studio, useStudio } from "../studio";
import { type Area, Canvas } from "../ui/Canvas";
import { activityOf, ChartName, compared, detailsOf, type Shown, watchShown } from "./Beside";
import { TimePlot } from "./TimePlot";

const BEFORE = 0.4;
const TOP = 4;
const BOTTOM = 4;
/** Powers of ten from the palest to the fullest colour. */
const DECADES = 3;
const HEAT: (keyof Colours)[] = ["heat-0", "heat-1", "heat-2", "heat-3"];

/** Power of the dipole by time and frequency, from Morlet wavelets. */
export function Spectrogram({ run, name }: Shown) {
  const studio = useStudio();
  const { store } = studio;
  const known = detailsOf(store, run);
  if (known?.view.field === "spectrogram" && !known.tfr.length) return <p class="empty">The run is too short for a spectrogram.</p>;
  return (
    <TimePlot>
      <Canvas
        label="Power of the dipole by time and frequency"
        watch={() => watchShown(studio, store.details)}
        draw={(area) => draw(studio, area, activityOf(store, run))}
      />
      <ChartName name={name} />
    </TimePlot>
  );
}

/** What the colours mean. */
export function PowerBar() {
  const { store } = useStudio();
  const top = highest(store);
  if (!(top > 0)) return null;
  return (
    <span class="power-bar">
      {short(top / 10 ** DECADES, 1)}
      <i aria-hidden="true" />
      {short(top, 1)} nAm²/Hz
    </span>
  );
}

/** The power of the fullest colour, one figure, in all that is compared; 0 if there is none. */
function highest(store: Store): number {
  const rows = compared(store).flatMap(({ details }) => details?.tfr ?? []);
  const most = rows.reduce((a, row) => row.reduce((b, value) => Math.max(b, value), a), 0);
  if (!(most > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(most));
  return Number((Math.ceil(most / power) * power).toPrecision(1));
}

function draw(studio: Studio, { ctx, width, height }: Area, activity: Activity | null): void {
  const { axis, theme, store } = studio;
  const details = activity?.details;
  if (!details?.tfr.length) return;
  const colours = theme.colours.value;
  const left = axis.x(0, width);
  const room = height - TOP - BOTTOM;
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER.left, 0, width - GUTTER.left - GUTTER.right, height);
  ctx.clip();
  ctx.globalAlpha = activity?.current ? 1 : BEFORE;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(painted(details.tfr, colours, highest(store)), left, TOP, axis.x(details.duration, width) - left, room);
  ctx.restore();
  labels(ctx, colours.faint, details.tfrFrequency, room);
}

/** Frequencies in the left gutter. */
function labels(ctx: CanvasRenderingContext2D, colour: string, frequencies: Float32Array, room: number): void {
  const [low, high] = [frequencies[0], frequencies[frequencies.length - 1]];
  const step = frequencies.length > 1 ? frequencies[1] - frequencies[0] : 1;
  ctx.fillStyle = colour;
  ctx.font = "11px Inter Variable, system-ui, sans-serif";
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const f of ticks(low, high, room, 20)) {
    const y = TOP + ((high + step / 2 - f) / (high - low + step)) * room;
    ctx.fillText(`${f} Hz`, GUTTER.left - 8, y);
  }
}

/** The map with one pixel for each frequency and column, the highest frequency at the top. */
function painted(rows: Float32Array[], colours: Colours, top: number): HTMLCanvasElement {
  const columns = rows[0].length;
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows.length;
  const ctx = canvas.getContext("2d")!;
  const image = ctx.createImageData(columns, rows.length);
  const stops = HEAT.map((name) => rgb(colours[name]));
  rows.forEach((row, place) => {
    row.forEach((power, k) => {
      const share = Math.min(Math.max(1 + Math.log10(power / top) / DECADES, 0), 1) * (stops.length - 1);
      const stop = Math.min(Math.floor(share), stops.length - 2);
      const at = 4 * ((rows.length - 1 - place) * columns + k);
      for (let c = 0; c < 3; c++) image.data[at + c] = stops[stop][c] + (stops[stop + 1][c] - stops[stop][c]) * (share - stop);
      image.data[at + 3] = 255;
    });
  });
  ctx.putImageData(image, 0, 0);
  return canvas;
}
