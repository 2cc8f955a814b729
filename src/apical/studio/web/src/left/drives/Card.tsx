import { useState } from "preact/hooks";
import type { DriveLook } from "../../model/drives";
import { strength, withStrength } from "../../model/drives";
import { isChanged, withCopy, withoutPart, withPartReset } from "../../model/editing";
import { short } from "../../model/format";
import { useStudio } from "../../studio";
import { Menu } from "../../ui/Menu";
import { Slider } from "../../ui/Slider";
import type { Setup } from "../../messages";
import { strengthLock } from "../../store/locks";
import { startSweep } from "../../store/sweep";
import { Timing } from "./Timing";
import { Targets } from "./Targets";

const STRONGEST = 4;

/** One drive: when it fires, how strong it is, and, unfolded, everything else. */
export function Card({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const [open, setOpen] = useState(false);
  const { name, label, side, arrow } = look;
  return (
    <article class={`card tone-${side}`} data-drive={name} aria-label={`Drive ${name}`}>
      <header class="card-head">
        <span class="card-flag" aria-hidden="true">{label}</span>
        <h3 title={name}>{name}</h3>
        <span class="card-kind">{arrow} {place(look)}</span>
        <Menu
          label={`Drive ${name}: more`}
          items={[
            { label: "Duplicate", action: () => store.edit(`Duplicate ${name}`, (s) => withCopy(s, store.base.value, "drives", name)) },
            { label: "All values as they began", disabled: !isChanged(store.setup.value, "drives", name), action: () => store.edit(`Reset ${name}`, (s) => withPartReset(s, "drives", name)) },
            { label: "Remove", apart: true, action: () => store.edit(`Remove ${name}`, (s) => withoutPart(s, store.base.value, "drives", name)) },
          ]}
        />
      </header>
      <Timing look={look} />
      <Strength look={look} />
      <button type="button" class="card-more" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "less" : "targets, weights, delays"}
      </button>
      {open && <Targets look={look} />}
    </article>
  );
}

const KINDS: Record<string, string> = { bursty: "rhythm", poisson: "Poisson", spike_train: "times" };

/** What sets the drive apart: its kind, or for the usual kind its side, which arrow and colour say of all. */
function place(look: DriveLook): string {
  return KINDS[look.kind] || (look.side === "other" ? "" : look.side);
}

/** One factor on all weights of the drive. */
function Strength({ look }: { look: DriveLook }) {
  const { store } = useStudio();
  const { name } = look;
  const base = store.base.value;
  const value = strength(store.setup.value, base, name);
  const change = (next: number) =>
    store.edit(
      `${look.label} strength × ${short(next)}`,
      (s) => withStrength(s, base, name, next),
      `drives.${name}.strength`,
    );
  const put = (s: Setup, next: number) => withStrength(s, base, name, next);
  const sweep = (low: number, high: number) =>
    startSweep(store, { label: `${look.label} strength ×`, unit: "", low, high, put });
  return (
    <Slider
      label="Strength" prefix="×" decimals={2} low={0} high={Math.max(STRONGEST, value)} value={value} normal={1}
      minimum={0} tone={look.side} path={`drives.${name}.strength`} fit={strengthLock(store, look)}
      meaning="A common factor on all weights of this drive." onChange={change} onSweep={sweep}
    />
  );
}
