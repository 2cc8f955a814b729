import type { FitParameter } from "../messages";
import { short } from "../model/format";
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
          <span title={p.name}>{p.name.replace(/^drives\./, "")}</span>
          <Bound label={`Lowest ${p.name}`} value={p.low} below={p.high} change={(low) => put(p, { low })} />
          <Bound label={`Highest ${p.name}`} value={p.high} above={p.low} change={(high) => put(p, { high })} />
          <Button label={`Hold ${p.name} fixed`} icon="close" kind="ghost" onClick={() => (all.value = all.value.filter((q) => q !== p))} />
        </li>
      ))}
    </ul>
  );
}

interface BoundProps {
  label: string;
  value: number;
  above?: number;
  below?: number;
  change: (value: number) => void;
}

function Bound({ label, value, above, below, change }: BoundProps) {
  return (
    <NumberField label={label} value={value} text={short(value, 3)} step={Math.abs(value) / 20 || 0.1} minimum={above} open={above !== undefined} maximum={below} onChange={change} onEnd={() => {}} />
  );
}
