import { fixed } from "../../model/format";
import type { Colours } from "../../plot/theme";
import { useStudio } from "../../studio";
import type { Recording, View, Wave } from "../../store/state";
import { waveTraces } from "./traces";

interface Entry {
  key: string;
  label: string;
  tone: keyof Colours;
  dashed?: boolean;
  value: number | null;
}

/** The names of the lines: each switches its line, and says its value at the crosshair. */
export function Legend() {
  const studio = useStudio();
  const { axis, hidden } = studio;
  const now = axis.now.value;
  return (
    <ul class="legend" aria-label="Lines">
      {entries(studio, now).map((entry) => (
        <li key={entry.key}>
          <button
            type="button"
            class={`legend-entry ink-${entry.tone}`}
            aria-pressed={!hidden.value.has(entry.key)}
            title={`Show or hide: ${entry.label}`}
            onClick={() => studio.toggleTrace(entry.key)}
          >
            <i class={`legend-swatch ${entry.dashed ? "dashed" : ""}`} aria-hidden="true" />
            {entry.label}
            {now !== null && entry.value !== null && <output>{fixed(entry.value, 1)}</output>}
          </button>
        </li>
      ))}
    </ul>
  );
}

function entries({ store }: ReturnType<typeof useStudio>, now: number | null): Entry[] {
  const flipped = store.flipped.value ? store.pinnedRun.value : null;
  const wave = flipped?.wave ?? store.wave.value;
  if (!wave) return [];
  const lines = waveTraces(wave, store.shape.value);
  const own = [...lines.slice(-1), ...lines.slice(0, -1)]; // the total is drawn last, but named first
  const found: Entry[] = own.map(({ key, label, tone, values }) => ({
    key, label, tone, value: sample(values, wave, now),
  })); // prettier-ignore
  const recording = store.recording.value;
  if (recording) {
    const value = at(recording, store.view.value, now);
    found.push({ key: "recorded", label: "recorded", tone: "recorded", dashed: true, value });
    found.push({ key: "residual", label: "residual", tone: "faint", dashed: true, value: null });
  }
  if (store.fit.value?.running && store.fit.value.best) {
    found.push({ key: "best", label: "best of fit", tone: "fit", value: null });
  }
  const details = store.details.value;
  if (details && details.id === wave.id && details.band.length) {
    found.push({ key: "band", label: `${details.trials} trials`, tone: "faint", value: null });
  }
  return found;
}

function sample(values: ArrayLike<number | null>, wave: Wave, now: number | null): number | null {
  const index = now === null ? -1 : Math.round(now / wave.dt);
  // no number of the run before
  return index >= 0 && index < Math.min(wave.fresh, values.length) ? values[index] : null;
}

function at({ time, values }: Recording, view: View, now: number | null): number | null {
  if (now === null) return null;
  const t = now - view.shift;
  const index = time.findIndex((u) => u >= t);
  return index < 0 || t < time[0] ? null : view.factor * values[index];
}
