import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { short } from "../model/format";
import { GUTTER, ticks } from "../plot/axis";
import { faded } from "../plot/theme";
import type { Details } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { Button } from "../ui/Button";
import { type Area, Canvas } from "../ui/Canvas";
import { Panel } from "../ui/Panel";
import { byHeight, depthLabels } from "./depth";
import { TimePlot } from "./TimePlot";

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

/** Field potentials by depth, or the spectrum of the dipole. */
export function Lfp() {
  const mode = useMemo(() => signal<"lfp" | "psd">("lfp"), []);
  const spectrum = mode.value === "psd";
  return (
    <Panel
      name="lfp"
      title={spectrum ? "Spectrum" : "LFP"}
      unit={spectrum ? "of the dipole, nAm²/Hz" : "by height"}
      tools={
        <>
          <Button label="Field potentials" kind="ghost" pressed={!spectrum} onClick={() => (mode.value = "lfp")}>
            LFP
          </Button>
          <Button label="Power spectrum of the dipole" kind="ghost" pressed={spectrum} onClick={() => (mode.value = "psd")}>
            PSD
          </Button>
        </>
      }
    >
      {spectrum ? <Spectrum /> : <Stack />}
    </Panel>
  );
}

function Stack() {
  const studio = useStudio();
  const { store, axis } = studio;
  if (store.details.value && !store.details.value.lfp.length)
    return <p class="empty">No electrodes: add a shank under Column.</p>;
  return (
    <TimePlot>
      <Canvas
        label="Field potentials of all electrodes over time, the highest electrode at the top"
        watch={() => {
          store.details.value;
          store.current.value;
          axis.tmin.value;
          axis.tmax.value;
        }}
        draw={(area) => store.details.value && stack(studio, area, store.details.value)}
      />
    </TimePlot>
  );
}

function stack(studio: Studio, area: Area, details: Details): void {
  const { store, theme, axis } = studio;
  const { ctx, width, height } = area;
  const colours = theme.colours.value;
  const order = byHeight(details.depth);
  const sizes = Float32Array.from(details.lfp, usual).sort();
  const largest = sizes[sizes.length - 1];
  if (!order.length || !(largest > 0)) return;
  const gap = (height - 16) / order.length;
  const scale = gap * Math.min(OVERLAP / sizes[Math.floor(MOST * (sizes.length - 1))], FARTHEST / largest);
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER.left, 0, width - GUTTER.left - GUTTER.right, height);
  ctx.clip();
  ctx.strokeStyle = faded(colours.ink, store.current.value ? 0.85 : BEFORE);
  ctx.lineWidth = 1;
  order.forEach((row, place) => {
    const values = details.lfp[row];
    const columns = values.length / 2;
    const zero = 8 + (place + 0.5) * gap;
    ctx.beginPath();
    for (let k = 0; k < columns; k++) {
      const x = axis.x(((k + 0.5) / columns) * details.duration, width);
      // smallest and largest of the column: nothing between samples is lost
      ctx.lineTo(x, zero - values[2 * k] * scale);
      ctx.lineTo(x, zero - values[2 * k + 1] * scale);
    }
    ctx.stroke();
  });
  ctx.restore();
  depthLabels(ctx, colours.faint, order.map((row) => details.depth[row]), (place) => 8 + (place + 0.5) * gap);
  scaleBar(ctx, colours.ink, colours.panel, width, scale);
}

/** The size of one electrode's deflections, but for the few that are largest. */
function usual(row: Float32Array): number {
  const sizes = Float32Array.from(row, Math.abs).sort();
  return sizes[Math.floor(sizes.length * USUAL)] || sizes[sizes.length - 1] || 0;
}

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

function Spectrum() {
  const studio = useStudio();
  const { store } = studio;
  return (
    <div class="timed">
      <Canvas
        label="Power spectral density of the dipole"
        watch={() => {
          store.details.value;
          store.current.value;
        }}
        draw={(area) => store.details.value && spectrum(studio, area, store.details.value)}
      />
    </div>
  );
}

const HIGHEST = 100;
const DECADES = 5;

function spectrum(studio: Studio, { ctx, width, height }: Area, details: Details): void {
  const colours = studio.theme.colours.value;
  const shown = details.psdFrequency.findLastIndex((f) => f <= HIGHEST) + 1;
  const power = details.psd.slice(0, shown);
  const top = Math.ceil(Math.log10(Math.max(...power.slice(1), 1e-30)));
  const x = (f: number) => GUTTER.left + (f / HIGHEST) * (width - GUTTER.left - GUTTER.right);
  const bottom = height - 20;
  const y = (p: number) => 6 + ((top - Math.log10(Math.max(p, 1e-30))) / DECADES) * (bottom - 6);
  ctx.font = FONT;
  ctx.strokeStyle = colours.grid;
  ctx.fillStyle = colours.faint;
  ctx.lineWidth = 1;
  ctx.textBaseline = "top";
  for (const f of ticks(0, HIGHEST, width, 90)) {
    line(ctx, x(f), 6, x(f), bottom);
    ctx.textAlign = f === HIGHEST ? "right" : "center";
    ctx.fillText(`${f} Hz`, x(f) + (f === HIGHEST ? GUTTER.right - 4 : 0), bottom + 5);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (let d = 0; d < DECADES; d++) {
    line(ctx, GUTTER.left, y(10 ** (top - d)), width - GUTTER.right, y(10 ** (top - d)));
    ctx.fillText(`10${raised(top - d)}`, GUTTER.left - 8, y(10 ** (top - d)));
  }
  ctx.strokeStyle = faded(colours.ink, studio.store.current.value ? 1 : BEFORE);
  ctx.lineWidth = 1.5;
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER.left, 0, width, bottom);
  ctx.clip();
  ctx.beginPath();
  power.forEach((p, i) => ctx.lineTo(x(details.psdFrequency[i]), y(p)));
  ctx.stroke();
  ctx.restore();
}

/** An exponent in small raised figures. */
function raised(exponent: number): string {
  return String(exponent).replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
