import { short } from "../model/format";
import { NO_SETUP, type Setup } from "../store/state";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { NumberField } from "../ui/NumberField";
import { Electrodes } from "./column/Electrodes";
import { Gains } from "./column/Gains";

/** The model, how it is run, and what cells do to each other. */
export function ColumnForm() {
  const studio = useStudio();
  return (
    <section class="block" aria-label="Column">
      <header class="block-head">
        <h2>Column</h2>
        <Button label="Every value of the model: cells, channels, projections" class="small" icon="edit" onClick={() => (studio.dialog.value = { name: "values" })}>
          all values
        </Button>
      </header>
      <Model />
      <div class="options">
        <Option field="duration" label="Duration" unit="ms" minimum={1} maximum={10_000} meaning="Length of the run." />
        <Option field="seed" label="Seed" integer minimum={0} meaning="Of all random draws: spike times of drives and random connections." />
        <Option field="trials" label="Trials" integer minimum={1} maximum={100} meaning="Runs with other draws; the first is shown at once, then their mean and band." />
        <Option field="dt" label="Step" unit="ms" minimum={0.001} maximum={1} meaning="Length of a time step." />
        <Grid />
        <Precision />
      </div>
      <Gains />
      <Electrodes />
    </section>
  );
}

function Model() {
  const { store } = useStudio();
  const models = store.hello.value?.models ?? [];
  const choose = (key: string) =>
    store.edit(`Model ${key}`, (s) => {
      const opening = store.hello.value?.setup;
      // the model that the page was opened with comes back as it was
      return opening?.model === key ? opening : { ...NO_SETUP, model: key, added: electrodesOf(s), seed: s.seed, duration: s.duration };
    });
  const key = store.setup.value.model;
  return (
    <label class="field model-field" title={models.find((m) => m.key === key)?.title}>
      <span class="hidden-text">Model</span>
      <select class="select" value={key} onChange={(e) => choose(e.currentTarget.value)}>
        {models.map((m) => (
          <option key={m.key} value={m.key} selected={m.key === key} title={m.title}>
            {m.uploaded ? m.title : m.key}
          </option>
        ))}
      </select>
    </label>
  );
}

function electrodesOf(setup: Setup): Setup["added"] {
  const { electrodes } = setup.added ?? {};
  return electrodes ? { electrodes } : {};
}

interface OptionProps {
  field: "duration" | "seed" | "trials" | "dt";
  label: string;
  meaning: string;
  unit?: string;
  integer?: boolean;
  minimum: number;
  maximum?: number;
}

function Option({ field, label, meaning, unit, ...limits }: OptionProps) {
  const { store } = useStudio();
  const value = store.setup.value[field] ?? NO_SETUP[field]!;
  const change = (next: number) =>
    store.edit(`${label} ${short(next)} ${unit ?? ""}`, (s) => ({ ...s, [field]: next }), `option.${field}`);
  return (
    <div class="value">
      <span title={meaning}>{label}</span>
      <NumberField
        label={label} unit={unit} value={value} text={short(value)} meaning={meaning} {...limits}
        step={field === "duration" ? 10 : field === "dt" ? 0.005 : 1} onChange={change} onEnd={() => store.endGesture()}
      />
    </div>
  );
}

/** Cells along one side of the grid; columns are square here. */
function Grid() {
  const { store } = useStudio();
  const own = sideOf(store.base.value);
  const value = store.setup.value.grid?.[0] ?? own;
  if (!value) return null;
  const change = (n: number) =>
    store.edit(`Grid ${n} × ${n}`, (s) => ({ ...s, grid: n === own && !s.grid ? null : ([n, n] as [number, number]) }), "option.grid");
  return (
    <div class="value">
      <span title="Pyramidal cells along each side of the column.">Grid</span>
      <NumberField label="Grid: cells along a side" value={value} text={`${value} × ${value}`} step={1} minimum={1} maximum={30} integer onChange={change} onEnd={() => store.endGesture()} />
    </div>
  );
}

function sideOf(base: Record<string, unknown>): number {
  const populations = Object.values((base.populations ?? {}) as Record<string, { positions?: { shape?: number[] } }>);
  return Math.max(0, ...populations.map((p) => p.positions?.shape?.[0] ?? 0));
}

function Precision() {
  const { store } = useStudio();
  const value = store.setup.value.precision ?? "single";
  return (
    <label class="value" title="Single precision is twice as fast; spikes are the same in almost every run.">
      <span>Precision</span>
      <select class="select small-select" value={value} onChange={(e) => store.edit(`${e.currentTarget.value} precision`, (s) => ({ ...s, precision: e.currentTarget.value as "single" | "double" }))}>
        <option value="single" selected={value === "single"}>single</option>
        <option value="double" selected={value === "double"}>double</option>
      </select>
    </label>
  );
}
