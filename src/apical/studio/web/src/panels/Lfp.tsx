import { short } from "../model/format";
import { type Axis, GUTTER } from "../plot/axis";
import { once, sizeOf } from "../plot/once";
import { faded } from "../plot/theme";
import type { Activity, Details, View } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { Button } from "../ui/Button";
import { type Area, Canvas } from "../ui/Canvas";
import { Panel } from "../ui/Panel";
import { byHeight, depthLabels } from "./depth";
import { inTwoParts } from "./fresh";
import { ArrayChoice } from "./ArrayChoice";
import { activityOf, Beside, ChartName, compared, detailsOf, type Shown, watchShown } from "./Beside";
import { PowerBar, Spectrogram } from "./Spectrogram";
import { Spectrum } from "./Spectrum";
import { TimePlot } from "./TimePlot";

type Mode = NonNullable<View["field"]>;

/** How many distances between electrodes the deflections of most electrodes may take, and those of any. */
const OVERLAP = 1.4;
const FARTHEST = 4;
/** Share of the electrodes that are "most"; those in the midst of cells see ten times more. */
const MOST = 0.75;
/** Longest scale bar, px. */
const BAR = 30;
/** Share of samples that are no larger: one spike beside an electrode must not flatten all else. */
const USUAL = 0.998;
const BEFORE = 0.4;
const FONT = "11px Inter Variable, system-ui, sans-serif";

const MODES: [Mode, string, string][] = [
  ["lfp", "LFP", "Field potentials"],
  ["psd", "PSD", "Power spectrum of the dipole"],
  ["spectrogram", "TFR", "Spectrogram: power of the dipole by time and frequency"],
];
const TITLES: Record<Mode, [string, string]> = {
  lfp: ["LFP", "by height"],
  psd: ["Spectrum", "of the dipole, nAm²/Hz"],
  spectrogram: ["Spectrogram", "of the dipole"],
};

/** Field potentials by depth, or power of the dipole by frequency, or by frequency and time. */
export function Lfp() {
  const { store } = useStudio();
  const mode = store.view.value.field ?? "lfp";
  const [title, unit] = TITLES[mode];
  const choose = (field: Mode, label: string) => store.editView(`Show ${label}`, (view) => ({ ...view, field }));
  const tools = (
    <>
      {mode === "lfp" && <ArrayChoice />}
      {mode === "spectrogram" && <PowerBar />}
      {MODES.map(([key, label, meaning]) => (
        <Button key={key} label={meaning} kind="ghost" pressed={mode === key} onClick={() => choose(key, label)}>
          {label}
        </Button>
      ))}
    </>
  );
  return (
    <Panel name="lfp" title={title} unit={unit} tools={tools}>
      <Beside>{(shown) => (mode === "psd" ? <Spectrum {...shown} /> : mode === "lfp" ? <Stack {...shown} /> : <Spectrogram {...shown} />)}</Beside>
    </Panel>
  );
}

function Stack({ run, name }: Shown) {
  const studio = useStudio();
  const { store } = studio;
  const known = detailsOf(store, run);
  if (known && !known.lfp.length) return <p class="empty">No electrodes: add a shank under Column.</p>;
  return (
    <TimePlot>
      <Canvas
        label="Field potentials of all electrodes over time, the highest electrode at the top"
        watch={() => watchShown(studio, store.details)}
        draw={(area) => {
          const activity = activityOf(store, run);
          if (activity?.details) stack(studio, area, activity.details, activity.current);
        }}
      />
      <ChartName name={name} />
    </TimePlot>
  );
}

function stack(studio: Studio, area: Area, details: Details, current: boolean): void {
  const { theme, axis } = studio;
  const { ctx, width, height } = area;
  const colours = theme.colours.value;
  const order = byHeight(details.depth);
  const gap = (height - 16) / Math.max(order.length, 1);
  const scale = gap * Math.min(...compared(studio.store).map(perGap));
  if (!order.length || !Number.isFinite(scale)) return;
  inTwoParts(area, axis, details, current, (fresh) => {
    ctx.strokeStyle = faded(colours.ink, fresh ? 0.85 : BEFORE);
    ctx.lineWidth = 1;
    order.forEach((row, place) => deflections(area, axis, details, row, 8 + (place + 0.5) * gap, scale));
  });
  depthLabels(ctx, colours.faint, order.map((row) => details.depth[row]), (place) => 8 + (place + 0.5) * gap);
  scaleBar(ctx, colours.ink, colours.panel, width, scale);
}

/** The line of one electrode. */
function deflections(
  { ctx, width }: Area, axis: Axis, details: Details, row: number, zero: number, scale: number,
): void {
  const values = details.lfp[row];
  const columns = values.length / 2;
  ctx.beginPath();
  for (let k = 0; k < columns; k++) {
    const x = axis.x(((k + 0.5) / columns) * details.duration, width);
    // smallest and largest of the column: nothing between samples is lost
    ctx.lineTo(x, zero - values[2 * k] * scale);
    ctx.lineTo(x, zero - values[2 * k + 1] * scale);
  }
  ctx.stroke();
}

/** How many distances between electrodes a µV of a run may take. */
function perGap({ details }: Activity): number {
  return details ? gapsOf(details.lfp) : Infinity;
}

const gapsOf = once((rows: Float32Array[]) => {
  // of each electrode, but for the few samples that are largest
  const sizes = Float32Array.from(rows, (row) => sizeOf([row], USUAL)).sort();
  const largest = sizes[sizes.length - 1];
  if (!(largest > 0)) return Infinity;
  return Math.min(OVERLAP / sizes[Math.floor(MOST * (sizes.length - 1))], FARTHEST / largest);
});

/** A bar of a round number of µV or mV at the right. */
function scaleBar(
  ctx: CanvasRenderingContext2D, ink: string, ground: string, width: number, scale: number,
): void {
  const power = 10 ** Math.floor(Math.log10(BAR / scale));
  const value = [5, 2, 1].map((m) => m * power).find((v) => v * scale <= BAR) ?? power;
  const x = width - GUTTER.right - 6;
  const text = value < 1000 ? `${short(value, 1)} µV` : `${short(value / 1000, 1)} mV`;
  ctx.font = FONT;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillStyle = faded(ground, 0.85);
  ctx.fillRect(x - ctx.measureText(text).width - 12, 2, ctx.measureText(text).width + 16, value * scale + 8);
  ctx.fillStyle = ink;
  ctx.fillRect(x, 6, 2, value * scale);
  ctx.fillText(text, x - 6, 6 + (value * scale) / 2);
}
