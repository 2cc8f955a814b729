import { stopExports } from "../files/save";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";

const OFFLINE = "The server does not answer; this page tries again. Nothing is lost.";

/** What runs, what has just happened, and what computes it. */
export function StatusBar() {
  const { store, note } = useStudio();
  const setup = store.setup.value;
  const cells = store.shape.value?.population.length;
  const hello = store.hello.value;
  const steps = Math.round(setup.duration / setup.dt).toLocaleString("en").replaceAll(",", " ");
  const last = store.undoSteps.value.at(-1)?.name;
  const problem = store.problems.value[0];
  const trials = setup.trials === 1 ? "1 trial" : `${setup.trials} trials`;
  return (
    <footer class="status">
      <span>{steps} steps · dt {setup.dt} ms · {cells ?? "–"} cells · seed {setup.seed} · {trials}</span>
      <Doubts />
      <Making />
      <span class={`status-note ${problem ? "bad" : ""}`} aria-live="polite">
        {problem ? problemText(problem) : store.online.value ? note.value || last || "" : OFFLINE}
      </span>
      <span>{hello ? `apical ${hello.version} · ${setup.precision} precision · ${hello.cores} cores` : ""}</span>
    </footer>
  );
}

/** What makes the run on the screen doubtful. */
function Doubts() {
  const { store } = useStudio();
  const [first, ...more] = store.warnings.value;
  if (!first || store.problems.value.length) return null;
  return (
    <span class="status-doubt" role="status" title={store.warnings.value.join("\n")}>
      ⚠ {first}
      {more.length > 0 && ` (and ${more.length} more)`}
    </span>
  );
}

/** The files that are being made, which may take a run. */
function Making() {
  const studio = useStudio();
  const kinds = studio.making.value;
  if (!kinds.length) return null;
  return (
    <span class="status-making" role="status">
      making {kinds.join(", ")} …
      <Button label="Cancel the export" kind="ghost" onClick={() => stopExports(studio)}>
        Cancel
      </Button>
    </span>
  );
}

function problemText(problem: { path: string; message: string; hint: string }): string {
  return [problem.path && `${problem.path}:`, problem.message, problem.hint && `– ${problem.hint}`].filter(Boolean).join(" ");
}
