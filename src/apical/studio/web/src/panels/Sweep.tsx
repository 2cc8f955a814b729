import { fixed, short } from "../model/format";
import type { Sweep as Swept } from "../store/state";
import { closeSweep, takeMember } from "../store/sweep";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { type Area, Canvas } from "../ui/Canvas";
import { extent, resampled } from "./dipole/samples";
import type { Values } from "./dipole/traces";

type Member = Swept["members"][number];

/** Runs over a range of one value as small multiples; one click takes a value. */
export function Sweep() {
  const { store } = useStudio();
  const sweep = store.sweep.value;
  if (!sweep) return null;
  const { members, label, unit } = sweep;
  const ready = members.filter((member) => member.wave).length;
  const errors = members.map((member) => member.scores?.rmse ?? Infinity);
  const least = Math.min(...errors);
  return (
    <section class="sweep" aria-label={`${label} over a range`} data-panel="sweep">
      <header class="panel-head">
        <h2>{label}</h2>
        <span class="panel-unit">{unit}</span>
        <span class="panel-note">{ready < members.length ? `${ready} of ${members.length}` : "click one to take it"}</span>
        <div class="panel-tools" />
        <Button label="Close the runs over a range (Escape)" icon="close" kind="ghost" onClick={() => closeSweep(store)} />
      </header>
      <div class="sweep-grid">
        {members.map((member, i) => (
          <Multiple key={member.value} member={member} sweep={sweep} best={errors[i] === least && least < Infinity} />
        ))}
      </div>
    </section>
  );
}

function Multiple({ member, sweep, best }: { member: Member; sweep: Swept; best: boolean }) {
  const { store, axis, theme } = useStudio();
  const rmse = member.scores ? `${best ? "best " : ""}${fixed(member.scores.rmse, 2)} nAm` : "";
  const draw = (area: Area) => {
    if (!member.wave) return;
    const span = limits(store.sweep.value, axis.tmin.value, axis.tmax.value);
    const grid = { n: member.wave.rows[0].length, dt: member.wave.dt };
    const recording = store.recording.value;
    const colours = theme.colours.value;
    const line = (values: Values, colour: string, width: number, dash: number[]) =>
      trace(area, values, { dt: grid.dt, tmin: axis.tmin.value, tmax: axis.tmax.value, ...span }, colour, width, dash);
    line([0, 0], colours.grid, 1, []);
    if (recording) line(resampled(recording, store.view.value, grid), colours.recorded, 1.25, [5, 3]);
    line(member.wave.rows[0], colours.ink, 1.75, []);
  };
  return (
    <button
      type="button"
      class={`sweep-member ${best ? "best" : ""}`}
      disabled={!member.wave}
      title={`Take ${short(member.value)} ${sweep.unit}`}
      onClick={() => takeMember(store, sweep, member)}
    >
      <span class="sweep-said">
        {short(member.value)} {sweep.unit}
        <span>{rmse}</span>
      </span>
      <Canvas watch={() => void [store.sweep.value, store.recordings.value, axis.zoom.value]} draw={draw} label={`Dipole at ${short(member.value)}`} />
    </button>
  );
}

/** One range for all, so that heights can be compared. */
function limits(sweep: Swept | null, tmin: number, tmax: number): { low: number; high: number } {
  const spans = (sweep?.members ?? [])
    .map(({ wave }) => wave && extent(wave.rows[0], wave.dt, tmin, tmax))
    .filter((span) => span !== null);
  const low = Math.min(0, ...spans.map((span) => span[0]));
  const high = Math.max(0, ...spans.map((span) => span[1]));
  return { low: low - 0.05 * (high - low), high: high + 0.05 * (high - low) };
}

interface Frame {
  dt: number;
  tmin: number;
  tmax: number;
  low: number;
  high: number;
}

function trace({ ctx, width, height }: Area, values: Values, frame: Frame, colour: string, line: number, dash: number[]): void {
  const { tmin, tmax, low, high } = frame;
  // two values are a straight line over the whole
  const dt = values.length === 2 ? tmax - tmin : frame.dt;
  const from = values.length === 2 ? tmin : 0;
  ctx.beginPath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = line;
  ctx.setLineDash(dash);
  let pen = false;
  for (let i = 0; i < values.length; i++) {
    const y = values[i];
    const t = from + i * dt;
    if (y === null || t < tmin || t > tmax) {
      pen = false;
      continue;
    }
    const at = [((t - tmin) / (tmax - tmin)) * width, ((high - y) / (high - low)) * height] as const;
    if (pen) ctx.lineTo(...at);
    else ctx.moveTo(...at);
    pen = true;
  }
  ctx.stroke();
}
