import { useMemo } from "preact/hooks";
import type { Tree } from "../../model/address";
import { defaultOf, valueOf, withValues } from "../../model/address";
import type { DriveLook } from "../../model/drives";
import { short } from "../../model/format";
import { describe } from "../../model/schema";
import { useStudio } from "../../studio";
import { NumberField } from "../../ui/NumberField";
import { ValueSlider } from "../../ui/ValueSlider";

const UPPER: Record<string, string> = { ampa: "AMPA", nmda: "NMDA", gabaa: "GABA-A", gabab: "GABA-B" };

/** Weights, delays and probabilities by target, and what belongs to the drive as a whole. */
export function Targets({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const path = `drives.${look.name}`;
  const targets = (store.value(`${path}.targets`) ?? {}) as Record<string, Tree>;
  const kernel = store.value(`${path}.kernel`);
  return (
    <div class="targets">
      {Object.entries(targets).map(([population, target]) => (
        <fieldset key={population} class="target">
          <legend>{population.replaceAll("_", " ")}</legend>
          {Object.keys(target.weights as Tree).map((receptor) => (
            <Value key={receptor} label={UPPER[receptor] ?? receptor} path={`${path}.targets.${population}.weights.${receptor}`} />
          ))}
          <Value label="Delay" path={`${path}.targets.${population}.delay`} />
          <Value label="Probability" path={`${path}.targets.${population}.probability`} whenMissing={`${path}.probability`} />
        </fieldset>
      ))}
      {look.kind === "evoked" && <ValueSlider path={`${path}.n_spikes`} label="Spikes" low={1} high={10} fittable={false} />}
      <ValueSlider path={`${path}.probability`} label="Share" low={0} high={1} decimals={2} fittable={false} meaning="Share of the pairs of drive and target cells that are connected." />
      {kernel !== null && (
        <ValueSlider path={`${path}.kernel.space_constant`} label="Reach" low={0.5} high={100} scale="log" fittable={false} />
      )}
    </div>
  );
}

interface ValueProps {
  label: string;
  path: string;
  /** what it is where nothing is said */
  whenMissing?: string;
}

/** A number without a range: typed, or nudged with the arrow keys. */
function Value({ label, path, whenMissing }: ValueProps) {
  const { store } = useStudio();
  const setup = store.setup.value;
  const base = store.base.value;
  const { schema } = store.hello.value ?? {};
  const network = store.shape.value?.network;
  const info = useMemo(() => describe(schema ?? {}, network ?? {}, path), [schema, network, path]);
  const own = valueOf(setup, base, path);
  const value = Number(own ?? (whenMissing ? store.value(whenMissing) : 0));
  const normal = Number(defaultOf(setup, base, path) ?? value);
  const change = (next: number) =>
    store.edit(`${label} ${short(value)} → ${short(next)} ${info.unit}`, (s) => withValues(s, base, { [path]: next }), path);
  return (
    <div class={`value ${value === normal ? "" : "changed"}`}>
      <span>{label}</span>
      <NumberField
        label={label} value={value} text={short(value)} unit={info.unit} meaning={info.text}
        step={Math.abs(normal) / 20 || 0.001} minimum={info.minimum} maximum={info.maximum}
        onChange={change} onEnd={() => store.endGesture()}
      />
    </div>
  );
}
