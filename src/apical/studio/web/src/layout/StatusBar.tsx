import { useStudio } from "../studio";

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
      <span class={`status-note ${problem ? "bad" : ""}`} aria-live="polite">
        {problem ? problemText(problem) : store.online.value ? note.value || last || "" : OFFLINE}
      </span>
      <span>{hello ? `apical ${hello.version} · ${setup.precision} precision · ${hello.cores} cores` : ""}</span>
    </footer>
  );
}

function problemText(problem: { path: string; message: string; hint: string }): string {
  return [problem.path && `${problem.path}:`, problem.message, problem.hint && `– ${problem.hint}`].filter(Boolean).join(" ");
}
