import { GUTTER, ticks } from "../plot/axis";
import { faded } from "../plot/theme";
import type { Details } from "../store/state";
import { type Studio, useStudio } from "../studio";
import { type Area, Canvas } from "../ui/Canvas";
import { activityOf, ChartName, compared, type Shown, watchShown } from "./Beside";

const HIGHEST = 100;
const DECADES = 5;
const BEFORE = 0.4;
const FONT = "11px Inter Variable, system-ui, sans-serif";

/** Power of the dipole by frequency. */
export function Spectrum({ run, name }: Shown) {
  const studio = useStudio();
  return (
    <div class="timed">
      <Canvas
        label="Power spectral density of the dipole"
        watch={() => watchShown(studio, studio.store.details)}
        draw={(area) => {
          const activity = activityOf(studio.store, run);
          if (activity?.details) spectrum(studio, area, activity.details, activity.current);
        }}
      />
      <ChartName name={name} />
    </div>
  );
}

/** Power up to the highest frequency shown. */
function shownOf({ psdFrequency, psd }: Details): Float32Array {
  return psd.slice(0, psdFrequency.findLastIndex((f) => f <= HIGHEST) + 1);
}

function spectrum(studio: Studio, { ctx, width, height }: Area, details: Details, current: boolean): void {
  const colours = studio.theme.colours.value;
  const power = shownOf(details);
  const all = compared(studio.store).flatMap((each) => (each.details ? [...shownOf(each.details).slice(1)] : []));
  const top = Math.ceil(Math.log10(Math.max(...all, 1e-30)));
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
  ctx.strokeStyle = faded(colours.ink, current ? 1 : BEFORE);
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
