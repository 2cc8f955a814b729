import { useEffect, useRef, useState } from "preact/hooks";
import { fixed } from "../model/format";
import { changeRun, deleteRun, keepRun, loadRun, renameRun } from "../store/kept";
import type { KeptRun } from "../store/state";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { Panel } from "../ui/Panel";

/** Runs that were kept, to lay over the present one. */
export function Runs() {
  const studio = useStudio();
  const { store } = studio;
  const kept = store.kept.value;
  const menu = [
    { label: "Compare in a table", disabled: !kept.length, action: () => (studio.dialog.value = { name: "runs" }) },
    { label: "Side by side", checked: store.sideBySide.value, disabled: !kept.length, action: () => (store.sideBySide.value = !store.sideBySide.value) },
  ];
  return (
    <Panel
      name="runs"
      title="Runs"
      menu={menu}
      tools={
        <Button label="Keep this run (K)" kind="plain" class="small" icon="plus" disabled={!store.wave.value?.complete} onClick={() => keepRun(store)}>
          keep
        </Button>
      }
    >
      <ul class="runs">
        {kept.map((run) => (
          <Run key={run.key} run={run} />
        ))}
        {!kept.length && <li class="runs-none">Press K to keep a run; hold B to see it in place of the present one.</li>}
      </ul>
    </Panel>
  );
}

const SAME = ["data", "tmin", "tmax", "shift", "factor"] as const;

/** RMSE of a run; none beside another recording or window than those it was compared with. */
function Score({ run }: { run: KeptRun }) {
  const { store } = useStudio();
  const view = store.view.value;
  const told = run.scores && SAME.every((field) => run.view[field] === view[field]);
  return (
    <span class="run-score" title={told ? "RMSE" : run.scores ? "Was compared with another recording or window" : undefined}>
      {told ? `${fixed(run.scores!.rmse, 2)} nAm` : run.scores ? "–" : ""}
    </span>
  );
}

function Run({ run }: { run: KeptRun }) {
  const studio = useStudio();
  const { store } = studio;
  const [naming, setNaming] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), [naming]);
  const pinned = store.pinned.value === run.key;
  const remove = () => {
    deleteRun(store, run.key);
    studio.say(`${run.name} deleted`);
  };
  const named = (event: { currentTarget: HTMLInputElement }) => {
    setNaming(false);
    const name = event.currentTarget.value.trim();
    if (name) renameRun(store, run.key, name);
  };
  return (
    <li class={`run ${pinned ? "pinned" : ""}`} data-run={run.name}>
      <button
        type="button" class={`swatch swatch-${run.colour}`} aria-pressed={run.visible}
        aria-label={`${run.name}: ${run.visible ? "hide" : "show"}`} title={run.visible ? "Hide" : "Show"}
        onClick={() => changeRun(store, run.key, { visible: !run.visible })}
      />
      {naming ? (
        <input
          class="run-rename" aria-label={`New name of ${run.name}`} defaultValue={run.name} ref={field} onBlur={named}
          onKeyDown={(e) => e.key === "Enter" ? e.currentTarget.blur() : e.key === "Escape" && setNaming(false)}
        />
      ) : (
        <button type="button" class="run-name" title="Click: pin, and hold B to see it. Double click: back to this run." onDblClick={() => loadRun(store, run)} onClick={() => (store.pinned.value = run.key)}>
          {run.name}
          {run.note && <small>{run.note}</small>}
        </button>
      )}
      <Score run={run} />
      <Menu
        label={`${run.name}: more`}
        items={[
          { label: "Back to this run", action: () => loadRun(store, run) },
          { label: "Pin: hold B to see it", checked: pinned, action: () => (store.pinned.value = pinned ? null : run.key) },
          { label: "Rename", action: () => setNaming(true) },
          { label: "Delete", apart: true, action: remove },
        ]}
      />
    </li>
  );
}
