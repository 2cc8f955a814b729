import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";

const SHOWN = 30;

/** Undo, redo, and the list of all that was done. */
export function History() {
  const { store, tiny } = useStudio();
  const undo = store.undoSteps.value;
  const redo = store.redoSteps.value;
  const past = undo.map((step, i) => ({
    label: step.name,
    hint: i === undo.length - 1 && redo.length ? "now" : undefined,
    action: () => store.undoTo(i + 1),
    checked: i === undo.length - 1,
  }));
  const start = { label: "As it began", action: () => store.undoTo(0), checked: undo.length === 0 };
  const items = [start, ...past].reverse().slice(0, SHOWN);
  return (
    <div class="top-group" role="group" aria-label="History">
      <Button label={named("Undo", undo.at(-1)?.name, "Ctrl Z")} icon="undo" kind="ghost" disabled={!undo.length} onClick={() => store.undo()} />
      <Button label={named("Redo", redo.at(-1)?.name, "Ctrl Shift Z")} icon="redo" kind="ghost" disabled={!redo.length} onClick={() => store.redo()} />
      {!tiny.value && (
        <Menu label="History" items={items} disabled={!undo.length}>
          <Icon name="down" size={12} />
        </Menu>
      )}
    </div>
  );
}

function named(what: string, step: string | undefined, key: string): string {
  return step ? `${what}: ${step} (${key})` : `${what} (${key})`;
}
