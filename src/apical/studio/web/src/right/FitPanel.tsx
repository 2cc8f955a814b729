import { useMemo } from "preact/hooks";
import { type Signal, signal } from "@preact/signals";
import { duration, fixed, short } from "../model/format";
import { startFit, stopFit } from "../store/kept";
import type { FitState } from "../store/state";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { type Area, Canvas } from "../ui/Canvas";
import { NumberField } from "../ui/NumberField";
import { Panel } from "../ui/Panel";
import { FitParameters } from "./FitParameters";

/** How close the wave is to the recording; a fit makes it closer. */
export function FitPanel() {
  const { store } = useStudio();
  const effort = useMemo(() => ({ budget: signal(200), trials: signal(3), solve: signal(false) }), []);
  return (
    <Panel name="fit" title="Fit" note={store.fit.value?.running ? "running" : undefined}>
      <Numbers />
      {store.fit.value && <Progress fit={store.fit.value} />}
      {!store.fit.value?.running && <Begin {...effort} />}
    </Panel>
  );
}

/** Numbers of the wave on the screen; none while it is not complete. */
function Numbers() {
  const { store } = useStudio();
  const flipped = store.flipped.value ? store.pinnedRun.value : null;
  const scores = flipped ? flipped.scores : store.scores.value;
  const shown = (value: number | null | undefined, digits: number) => (value == null ? "–" : fixed(value, digits));
  if (!store.view.value.data) return <p class="block-note fit-note">Drop a recording to compare with.</p>;
  return (
    <dl class="scores">
      <div>
        <dt title="Of the run on the screen, the mean of its trials, as it is shown, within the window">RMSE</dt>
        <dd data-score="rmse">{shown(scores?.rmse, 2)} <small>nAm</small></dd>
      </div>
      <div>
        <dt>R²</dt>
        <dd data-score="r2">{shown(scores?.r2, 3)}</dd>
      </div>
      <div>
        <dt>r</dt>
        <dd data-score="r">{shown(scores?.correlation, 3)}</dd>
      </div>
      <div>
        <dt>window</dt>
        <dd class="window">{scores ? `${short(scores.tmin, 3)}–${short(scores.tmax, 3)} ms` : "–"}</dd>
      </div>
    </dl>
  );
}

/** How much a fit may do; what was chosen for one stands for the next. */
interface Effort {
  budget: Signal<number>;
  trials: Signal<number>;
  solve: Signal<boolean>;
}

function Begin({ budget, trials, solve }: Effort) {
  const studio = useStudio();
  const { store } = studio;
  const parameters = store.fitParameters.value;
  const ready = parameters.length > 0 && !!store.view.value.data;
  const start = () =>
    startFit(store, { parameters, method: parameters.length > 1 ? "cma" : "cobyla", budget: budget.value, trials: trials.value, solve_scale: solve.value });
  return (
    <div class="fit-begin">
      <FitParameters />
      <div class="fit-options">
        <Field label="Simulations" value={budget.value} most={100_000} change={(n) => (budget.value = n)} />
        <Field label="Trials each" value={trials.value} most={100} change={(n) => (trials.value = n)} />
      </div>
      <label class="check">
        <input type="checkbox" checked={solve.value} onChange={(e) => (solve.value = e.currentTarget.checked)} />
        find the number of columns as well
      </label>
      <Button label={ready ? "Start the fit" : "Unlock values at their sliders, and choose a recording"} kind="primary" disabled={!ready} onClick={start}>
        {ready ? `Fit ${parameters.length} value${parameters.length > 1 ? "s" : ""}` : "Fit to data"}
      </Button>
    </div>
  );
}

interface FieldProps {
  label: string;
  value: number;
  most: number;
  change: (value: number) => void;
}

function Field({ label, value, most, change }: FieldProps) {
  return (
    <div class="value">
      <span>{label}</span>
      <NumberField label={label} value={value} text={String(value)} step={label === "Simulations" ? 50 : 1} minimum={1} maximum={most} integer onChange={change} onEnd={() => {}} />
    </div>
  );
}

function Progress({ fit }: { fit: FitState }) {
  const { store } = useStudio();
  const shown = store.setup.value.trials ?? 1;
  const share = fit.budget ? fit.candidates / fit.budget : 0;
  return (
    <div class="fit-progress">
      <progress max={1} value={share} aria-label="How far the fit is" />
      <p class="fit-line">
        {fit.candidates} of {fit.budget} simulations
        {fit.loss !== null && <> · best RMSE {fixed(fit.loss, 2)} nAm</>}
        {fit.running && fit.left !== null && <> · {duration(fit.left)} left</>}
        {!fit.running && fit.why && <> · {fit.why}</>}
      </p>
      {fit.loss !== null && fit.trials !== shown && (
        <p class="block-note fit-note">
          The fit compares the mean of {counted(fit.trials)} with the recording; the RMSE above is of the run on the
          screen, {counted(shown)}.
        </p>
      )}
      {fit.losses.length > 1 && (
        <div class="fit-curve">
          <Canvas label="Smallest RMSE over simulations" watch={() => store.fit.value} draw={(area) => curve(area, store.fit.value?.losses ?? [])} />
        </div>
      )}
      {fit.running && (
        <Button label="Stop: the best so far is kept" kind="primary" onClick={() => stopFit(store)}>
          Stop, keep the best
        </Button>
      )}
    </div>
  );
}

function counted(trials: number): string {
  return trials === 1 ? "1 trial" : `${trials} trials`;
}

/** The smallest loss that was seen, falling. */
function curve({ ctx, width, height }: Area, losses: number[]): void {
  let best = Infinity;
  const seen = losses.map((loss) => (best = Math.min(best, loss)));
  const finite = seen.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const y = (loss: number) => 3 + (height - 6) * (1 - (loss - low) / Math.max(high - low, 1e-12));
  ctx.strokeStyle = getComputedStyle(ctx.canvas).color;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  seen.forEach((loss, i) => Number.isFinite(loss) && ctx.lineTo((i / (seen.length - 1)) * width, y(loss)));
  ctx.stroke();
}
