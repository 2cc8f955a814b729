import { at } from "../model/address";
import { fixed, short } from "../model/format";
import { describe } from "../model/schema";
import type { KeptRun } from "../store/state";
import { useStudio } from "../studio";
import { Dialog } from "../ui/Dialog";

/** What the page calls options and ways to look. */
const WORDS: Record<string, string> = {
  "view.tmin": "window from, ms", "view.tmax": "window to, ms", "view.smooth": "smoothing, ms", "view.scale": "columns, ×",
  "view.data": "recording", "view.shift": "shift of the recording, ms", "view.factor": "size of the recording, ×",
  duration: "duration, ms", dt: "step, ms",
}; // prettier-ignore

interface Column {
  key: string;
  name: string;
  run: Pick<KeptRun, "setup" | "view" | "scores">;
}

/** All runs side by side: how close they are, and only what differs between them. */
export function RunsTable() {
  const studio = useStudio();
  const { store } = studio;
  const now = { setup: store.setup.value, view: store.view.value, scores: store.scores.value };
  const columns: Column[] = [
    ...store.kept.value.map((run) => ({ key: run.key, name: run.name, run })),
    { key: "now", name: "on the screen", run: now },
  ];
  const recording = (text: string) => store.recordings.value.find((r) => JSON.stringify(r.info.key) === text)?.info.name ?? "–";
  const unit = (path: string) => describe(store.hello.value?.schema ?? {}, store.shape.value?.network ?? {}, path).unit;
  const rows = differing(columns, (path) => at(store.base.value, path));
  return (
    <Dialog title="Runs" wide onClose={() => (studio.dialog.value = null)}>
      <div class="preview-scroll">
        <table class="runs-table">
          <thead>
            <tr>
              <th />
              {columns.map((c) => (
                <th key={c.key}>{c.name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Row name="RMSE, nAm" cells={columns.map((c) => (c.run.scores ? fixed(c.run.scores.rmse, 2) : "–"))} />
            <Row name="correlation" cells={columns.map((c) => (c.run.scores?.correlation != null ? fixed(c.run.scores.correlation, 3) : "–"))} />
            {rows.map(({ path, cells }) => (
              <Row key={path} name={WORDS[path] ?? path} unit={unit(path)} cells={path === "view.data" ? cells.map(recording) : cells} />
            ))}
            {!rows.length && (
              <tr>
                <th>nothing else differs</th>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}

function Row({ name, unit, cells }: { name: string; unit?: string; cells: string[] }) {
  return (
    <tr>
      <th>{[name, unit].filter(Boolean).join(", ")}</th>
      {cells.map((text, i) => (
        <td key={i}>{text}</td>
      ))}
    </tr>
  );
}

/** Everything that is not the same in all runs, as text. */
function differing(columns: Column[], normal: (path: string) => unknown): { path: string; cells: string[] }[] {
  const flat = columns.map(({ run }) => ({
    ...options(run.setup),
    ...prefixed("view.", run.view as unknown as Record<string, unknown>),
    ...run.setup.values,
  })) as Record<string, unknown>[];
  const paths = [...new Set(flat.flatMap((values) => Object.keys(values)))].sort();
  const text = (value: unknown) => (typeof value === "number" ? short(value) : value == null || value === "" ? "–" : JSON.stringify(value));
  return paths
    .map((path) => ({ path, cells: flat.map((values) => text(path in values ? values[path] : normal(path))) }))
    .filter(({ cells }) => new Set(cells).size > 1);
}

function options(setup: KeptRun["setup"]): Record<string, unknown> {
  const { values: _, added, removed, ...rest } = setup;
  const names = Object.entries(added ?? {}).flatMap(([field, parts]) => Object.keys(parts).map((n) => `${field}.${n}`));
  return { ...rest, added: names.join(", "), removed: (removed ?? []).join(", ") };
}

function prefixed(prefix: string, values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}
