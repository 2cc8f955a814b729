import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isWorth, openEarlier } from "./earlier";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";

const SEEN = "apical-studio-hints";

/** Three things to try at the first start; each is ticked off once it is done. */
export function Hints() {
  const studio = useStudio();
  const { store, hints, hinted } = studio;
  useEffect(() => {
    if (!wasSeen()) hints.value = true;
    return effect(() => {
      const done = [
        store.undoSteps.value.some((step) => / (arrival|start|shift|end|strength|amplitude|spread) /.test(step.name)),
        store.recordings.value.length > 0,
        store.fit.value !== null,
      ];
      // what was done once stays ticked, undone or not
      hinted.value = done.map((now, i) => now || hinted.peek()[i] === true);
    });
  }, []);
  if (isWorth(studio)) return <Earlier />;
  if (!hints.value || !store.wave.value) return null;
  const close = () => {
    hints.value = false;
    see();
  };
  const rows = [
    ["wave", "Drag ▲P1 along the wave: the simulation follows."],
    ["file", "Drop your recording anywhere to see it behind."],
    ["lock", "Open locks at sliders, then press Fit to data."],
  ];
  return (
    <aside class="hints" aria-label="Hints">
      <ol>
        {rows.map(([icon, text], i) => (
          <li key={icon} class={hinted.value[i] ? "done" : ""}>
            <Icon name={hinted.value[i] ? "check" : icon} size={15} />
            {text}
          </li>
        ))}
      </ol>
      <Button class="small" label="Close the hints" onClick={close}>
        Got it
      </Button>
    </aside>
  );
}

function Earlier() {
  const studio = useStudio();
  const when = new Date(studio.earlier.value!.saved).toLocaleString();
  return (
    <aside class="hints" aria-label="Earlier session">
      <p>Go on where you left off? <span class="faint">{when}</span></p>
      <Button class="small" kind="primary" label="Open what was here last" onClick={() => void openEarlier(studio)}>
        Go on
      </Button>
      <Button class="small" label="Begin with the model as it is" onClick={() => (studio.earlier.value = null)}>
        No
      </Button>
    </aside>
  );
}

function wasSeen(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return true;
  }
}

function see(): void {
  try {
    localStorage.setItem(SEEN, "1");
  } catch {
    // they come again next time
  }
}
