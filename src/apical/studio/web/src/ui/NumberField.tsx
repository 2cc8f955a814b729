import { useRef, useState } from "preact/hooks";
import { parseNumber, short } from "../model/format";
import { useStudio } from "../studio";

interface Props {
  label: string;
  value: number;
  text: string;
  unit?: string;
  prefix?: string;
  /** bounds that no value may leave */
  minimum?: number | null;
  maximum?: number | null;
  /** whether the minimum itself is not allowed */
  open?: boolean;
  integer?: boolean;
  disabled?: boolean;
  meaning?: string;
  step: number;
  onChange: (value: number) => void;
  onEnd: () => void;
}

/** A number that is typed: Enter takes it, Escape does not, arrows nudge it. */
export function NumberField(props: Props) {
  const { label, value, text, unit, prefix, disabled, meaning, step, onEnd } = props;
  const studio = useStudio();
  const [typed, setTyped] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const bad = typed !== null && allowed(props, typed) === null;
  const take = () => {
    const next = typed === null ? null : allowed(props, typed);
    if (typed !== null && next === null) studio.say(`${label}: ${wanted(props)}; “${typed.trim()}” was not taken.`);
    if (next !== null && next !== value) props.onChange(next);
    setTyped(null);
    onEnd();
  };
  const key = (event: KeyboardEvent) => {
    // leaving the field takes it, and gives the keys back to the studio
    if (event.key === "Enter") input.current?.blur();
    else if (event.key === "Escape") setTyped(null);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") nudge(event);
    else return;
    event.stopPropagation();
  };
  const nudge = (event: KeyboardEvent) => {
    event.preventDefault();
    const by = (event.key === "ArrowUp" ? 1 : -1) * step * (event.shiftKey ? 0.1 : 1);
    const next = allowed(props, String(Number((value + by).toPrecision(9))));
    setTyped(null);
    if (next !== null) props.onChange(next);
  };
  return (
    <label class={`number ${bad ? "bad" : ""}`} title={meaning}>
      <input
        ref={input}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        aria-label={unit ? `${label}, ${unit}` : label}
        aria-invalid={bad}
        disabled={disabled}
        value={typed ?? (prefix ? `${prefix} ${text}` : text)}
        onFocus={(e) => e.currentTarget.select()}
        onInput={(e) => setTyped(e.currentTarget.value)}
        onKeyDown={key}
        onBlur={take}
      />
      {unit && <span class="number-unit">{unit}</span>}
    </label>
  );
}

/** What may be typed, in words. */
function wanted({ minimum, maximum, open, integer, unit }: Props): string {
  const above = minimum == null ? "" : `${open ? "above" : "at least"} ${short(minimum)}`;
  const below = maximum == null ? "" : `at most ${short(maximum)}`;
  const kind = `a ${integer ? "whole number" : "number"}${unit ? ` in ${unit}` : ""}`;
  return [kind, above, below].filter(Boolean).join(", ");
}

function allowed(props: Props, text: string): number | null {
  const { minimum, maximum, open, integer, unit } = props;
  const bare = text.trim();
  const value = parseNumber(unit && bare.endsWith(unit) ? bare.slice(0, -unit.length) : bare);
  if (value === null) return null;
  if (minimum != null && (open ? value <= minimum : value < minimum)) return null;
  if (maximum != null && value > maximum) return null;
  return integer && !Number.isInteger(value) ? null : value;
}
