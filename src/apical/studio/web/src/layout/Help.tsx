import { Fragment } from "preact";
import { useStudio } from "../studio";
import { Dialog } from "../ui/Dialog";

const KEYS: [string, [string, string][]][] = [
  ["On the wave", [
    ["drag a flag ↔", "when an input arrives or starts"],
    ["drag a flag ↕", "how strong it is"],
    ["drag its edges", "how spread it is, or when it begins and ends"],
    ["drag on the plot", "the window that is compared and fitted"],
    ["click", "holds the crosshair; the column shows that moment"],
    ["Ctrl wheel, [ ]", "zoom in time; Shift wheel moves; 0 shows all"],
    ["+ −", "taller, flatter"],
  ]],
  ["On a slider", [
    ["double click, Delete", "back to the model's value"],
    ["Shift", "fine"],
    ["Alt drag", "runs over a range, side by side"],
    ["click the number", "type it"],
  ]],
  ["In the column", [
    ["drag", "turns it; the wheel comes closer"],
    ["click a cell", "when it fires"],
    ["electrodes: click, drag", "where they are; arrow keys move them as well"],
  ]],
  ["Anywhere", [
    ["Ctrl Z, Ctrl Shift Z", "undo, redo; the browser's back as well"],
    ["K", "keep this run"],
    ["hold B", "see the pinned run in its place"],
    ["Space", "play spikes in the column"],
    ["F", "full screen of the panel under the pointer; Escape leaves"],
    ["C", "the Python script, which follows the hand"],
    ["Ctrl S, Ctrl O", "save the session, open one"],
    ["drop a file", "recording, model, hnn file or session"],
    ["?", "this list"],
  ]],
]; // prettier-ignore

/** Keys and gestures. */
export function Help() {
  const { help } = useStudio();
  if (!help.value) return null;
  return (
    <Dialog title="Keys and gestures" onClose={() => (help.value = false)}>
      <dl class="keys">
        {KEYS.map(([title, rows]) => (
          <Fragment key={title}>
            <h3>{title}</h3>
            {rows.map(([key, text]) => (
              <Fragment key={key}>
                <dt><kbd>{key}</kbd></dt>
                <dd>{text}</dd>
              </Fragment>
            ))}
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
