import { beginAnew } from "../../layout/FileMenu";
import { useStudio } from "../../studio";
import { Button } from "../../ui/Button";

/** Why what is set cannot be simulated, and the way back. */
export function Trouble() {
  const { store } = useStudio();
  const problems = store.problems.value;
  if (!problems.length) return null;
  const undoable = store.undoSteps.value.length > 0;
  return (
    <div class="trouble" role="alert">
      <p>This cannot be simulated.</p>
      {problems.slice(0, 3).map(({ path, message, hint }) => (
        <p key={path + message} class="muted">{[path, message, hint].filter(Boolean).join(" · ")}</p>
      ))}
      {undoable ? (
        <Button class="small" label="Take back the last change" onClick={() => store.undo()}>Undo</Button>
      ) : (
        <Button class="small" label="Begin with the model as it is" onClick={() => beginAnew(store)}>Begin anew</Button>
      )}
    </div>
  );
}
