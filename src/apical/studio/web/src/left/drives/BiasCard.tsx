import { parts, withValues } from "../../model/address";
import type { DriveLook } from "../../model/drives";
import { isChanged, withCopy, withoutPart, withPartReset } from "../../model/editing";
import { firstSection } from "../../model/newdrives";
import { useStudio } from "../../studio";
import { Menu } from "../../ui/Menu";
import { ValueSlider } from "../../ui/ValueSlider";
import { Until } from "./Until";

/** A constant current into the cells of one population. */
export function BiasCard({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const { name, label } = look;
  const setup = store.setup.value;
  const base = store.base.value;
  const of = (field: string) => `biases.${name}.${field}`;
  const usual = Math.max(1, 2 * Math.abs(Number(store.value(of("amplitude")) ?? 0)));
  return (
    <article class="card tone-other" data-drive={name} aria-label={`Current ${name}`}>
      <header class="card-head">
        <span class="card-flag" aria-hidden="true">{label}</span>
        <h3 title={name}>{name}</h3>
        <span class="card-kind">current</span>
        <Menu
          label={`Current ${name}: more`}
          items={[
            { label: "Duplicate", action: () => store.edit(`Duplicate ${name}`, (s) => withCopy(s, base, "biases", name)) },
            { label: "All values as they began", disabled: !isChanged(setup, "biases", name), action: () => store.edit(`Reset ${name}`, (s) => withPartReset(s, "biases", name)) },
            { label: "Remove", apart: true, action: () => store.edit(`Remove ${name}`, (s) => withoutPart(s, base, "biases", name)) },
          ]}
        />
      </header>
      <Population look={look} />
      <ValueSlider path={of("amplitude")} label="Current" low={-usual} high={usual} decimals={2} tone="other" />
      <ValueSlider path={of("start")} label="Start" low={0} high={setup.duration} decimals={0} tone="other" />
      <Until path={of("stop")} />
    </article>
  );
}

/** Into which cells it goes. */
function Population({ look: { name, label } }: { look: DriveLook }) {
  const { store } = useStudio();
  const base = store.base.value;
  const path = `biases.${name}.population`;
  const value = String(store.value(path));
  const choose = (population: string) => {
    const values = { [path]: population, [`biases.${name}.section`]: firstSection(base, population) };
    store.edit(`${label} into ${population}`, (s) => withValues(s, base, values));
  };
  return (
    <label class="value">
      <span>Into</span>
      <select class="select small-select" aria-label={`${name}: population`} value={value} onChange={(e) => choose(e.currentTarget.value)}>
        {Object.keys(parts(store.setup.value, base, "populations")).map((population) => (
          <option key={population} value={population} selected={population === value}>{population.replaceAll("_", " ")}</option>
        ))}
      </select>
    </label>
  );
}
