import { useMemo, useState } from "preact/hooks";
import { defaultOf, type Tree, valueOf, withValues } from "../model/address";
import { short } from "../model/format";
import { describe } from "../model/schema";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { NumberField } from "../ui/NumberField";
import { Choice } from "./DataDialog";

const FIELDS = ["cells", "projections", "drives", "mechanisms", "populations", "electrodes", "biases", "ions"];
const MOST = 120;
/** Texts that are a quantity, such as `0.5 ms`. */
const QUANTITY = /^[-+]?[\d.]+(e[-+]?\d+)?\s*[A-Za-zµ%°/0-9*^ ]*$/i;

/** Every number of the model by its address: geometry, channel densities, synapses. */
export function Values() {
  const studio = useStudio();
  const { store } = studio;
  const [field, setField] = useState("cells");
  const [part, setPart] = useState("");
  const [words, setWords] = useState("");
  const network = store.shape.value?.network ?? {};
  const all = useMemo(() => leaves(network), [network]);
  const names = Object.keys((network[field] ?? {}) as Tree);
  const prefix = names.includes(part) ? `${field}.${part}.` : `${field}.`;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((path) => (wanted.length ? wanted.every((w) => path.toLowerCase().includes(w)) : path.startsWith(prefix)));
  return (
    <Dialog title="All values" wide onClose={() => (studio.dialog.value = null)}>
      <div class="fields">
        <Choice label="Part" value={field} options={FIELDS.filter((f) => f in network).map((f) => [f, f])} onChange={(f) => (setField(f), setPart(""), setWords(""))} />
        <Choice label="Which" value={part} options={[["", "all"], ...names.map((n): [string, string] => [n, n])]} onChange={(p) => (setPart(p), setWords(""))} />
        <label class="field">
          <span>Search</span>
          <input class="text-field" type="search" placeholder="L5 soma gnabar" value={words} onInput={(e) => setWords(e.currentTarget.value)} />
        </label>
      </div>
      <div class="values-list">
        {found.slice(0, MOST).map((path) => (
          <Row key={path} path={path} shown={wanted.length ? path : path.slice(prefix.length)} />
        ))}
        {found.length > MOST && <p class="block-note">{found.length - MOST} more: search for a word of their address.</p>}
        {!found.length && <p class="block-note">There is no such value.</p>}
      </div>
      <Said />
    </Dialog>
  );
}

/** What came of the last change; the status bar is behind the dialog. */
function Said() {
  const { store, note } = useStudio();
  const problem = store.problems.value[0];
  return (
    <p class={`values-said ${problem ? "bad" : ""}`} role="status">
      {problem ? [problem.path, problem.message, problem.hint].filter(Boolean).join(" · ") : note.value}
    </p>
  );
}

function Row({ path, shown }: { path: string; shown: string }) {
  const { store } = useStudio();
  const setup = store.setup.value;
  const base = store.base.value;
  const value = valueOf(setup, base, path);
  const normal = defaultOf(setup, base, path);
  const { schema } = store.hello.value ?? {};
  const network = store.shape.value?.network ?? {};
  const info = useMemo(() => describe(schema ?? {}, network, path), [schema, network, path]);
  const change = (next: unknown) =>
    store.edit(`${shown} = ${typeof next === "number" ? short(next) : next}`, (s) => withValues(s, base, { [path]: next }), path);
  return (
    <div class={`values-row ${value === normal ? "" : "changed"}`}>
      <span title={info.text || path}>{shown}</span>
      {typeof value === "number" ? (
        <NumberField
          label={path} value={value} text={short(value)} unit={info.unit} meaning={info.text} step={Math.abs(value) / 20 || 0.01}
          minimum={info.minimum} maximum={info.maximum} open={info.open} integer={info.type === "integer"}
          onChange={change} onEnd={() => store.endGesture()}
        />
      ) : (
        <input class="text-field" aria-label={path} value={String(value)} onChange={(e) => (change(e.currentTarget.value), store.endGesture())} />
      )}
      <Button label={`${path}: back to ${String(normal)}`} icon="reset" kind="ghost" disabled={value === normal} onClick={() => (change(normal), store.endGesture())} />
    </div>
  );
}

/** Addresses of all numbers, and of texts that are quantities. */
function leaves(tree: Tree, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const path = prefix + name;
    if (typeof value === "number") return [path];
    if (typeof value === "string") return QUANTITY.test(value) && /\d/.test(value) && prefix ? [path] : [];
    return value && typeof value === "object" && !Array.isArray(value) ? leaves(value as Tree, `${path}.`) : [];
  });
}
