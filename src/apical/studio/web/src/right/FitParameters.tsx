import type { FitParameter } from "../messages";
import { short } from "../model/format";
import { describe } from "../model/schema";
import type { Store } from "../store/store";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { NumberField } from "../ui/NumberField";

/** What a fit may vary, and between what; chosen by the locks at the sliders. */
export function FitParameters() {
  const { store } = useStudio();
  const all = store.fitParameters;
  if (!all.value.length)
    return <p class="block-note fit-note">Open the locks at the sliders that a fit may move.</p>;
  const put = (one: FitParameter, change: Partial<FitParameter>) =>
    (all.value = all.value.map((p) => (p === one ? { ...p, ...change } : p)));
  return (
    <ul class="fit-parameters">
      {all.value.map((p) => (
        <li key={p.name}>
          <span title={p.name}>{said(store, p)}</span>
          <Bound label={`Lowest ${said(store, p)}`} {...measure(store, p)} value={p.low} below={p.high} change={(low) => put(p, { low })} />
          <Bound label={`Highest ${said(store, p)}`} {...measure(store, p)} value={p.high} above={p.low} change={(high) => put(p, { high })} />
          <Button label={`Hold ${said(store, p)} fixed`} icon="close" kind="ghost" onClick={() => (all.value = all.value.filter((q) => q !== p))} />
        </li>
      ))}
    </ul>
  );
}

const WORDS: Record<string, string> = { mu: "arrival", sigma: "spread" };

/** A parameter as its slider calls it: `P1 arrival`. */
function said(store: Store, { name }: FitParameter): string {
  const [, drive, field] = /^(?:drives|biases)\.(.+)\.([^.]+)$/.exec(name) ?? [];
  const look = store.inputs.value.find((l) => l.name === drive && name.startsWith(l.field));
  return look ? `${look.label} ${WORDS[field] ?? field.replaceAll("_", " ")}` : name.replace(/^drives\./, "");
}

/** A factor is told by its sign, all else by its unit. */
function measure(store: Store, { relative, paths }: FitParameter): { prefix?: string; unit?: string } {
  if (relative) return { prefix: "×" };
  return { unit: describe(store.hello.value?.schema ?? {}, store.shape.value?.network ?? {}, paths[0]).unit };
}

interface BoundProps {
  label: string;
  prefix?: string;
  unit?: string;
  value: number;
  above?: number;
  below?: number;
  change: (value: number) => void;
}

function Bound({ label, prefix, unit, value, above, below, change }: BoundProps) {
  return (
    <NumberField label={label} prefix={prefix} unit={unit} value={value} text={short(value, 3)} step={Math.abs(value) / 20 || 0.1} minimum={above} open={above !== undefined} maximum={below} onChange={change} onEnd={() => {}} />
  );
}
