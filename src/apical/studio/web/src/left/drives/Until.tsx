import { valueOf, withValues } from "../../model/address";
import { parseNumber, short } from "../../model/format";
import { useStudio } from "../../studio";

const OPEN = "end of run";

/** When an input ends: a time, or nothing, which is the end of the run. */
export function Until({ path }: { path: string }) {
  const { store } = useStudio();
  const value = valueOf(store.setup.value, store.base.value, path);
  const text = typeof value === "number" ? short(value) : OPEN;
  const take = (input: HTMLInputElement) => {
    const typed = input.value.trim().replace(/\s*ms$/, "");
    const next = parseNumber(typed);
    const open = typed === "" || typed === OPEN;
    if (open || (next !== null && next >= 0))
      store.edit(`Stop ${open ? OPEN : `${short(next!)} ms`}`, (s) => withValues(s, store.base.value, { [path]: open ? null : next }));
    input.value = text;
  };
  return (
    <label class="value" title="When it ends, ms; without a number, at the end of the run.">
      <span>Stop</span>
      <input class="text-field until-field" aria-label="Stop, ms" value={text} onFocus={(e) => e.currentTarget.select()} onChange={(e) => take(e.currentTarget)} />
    </label>
  );
}
