import { ExportMenu } from "../dialogs/ExportMenu";
import { duration } from "../model/format";
import { keepRun } from "../store/kept";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { FileMenu } from "./FileMenu";
import { History } from "./History";

/** Name, history, what the engine does, and what is done with the whole. */
export function TopBar() {
  const studio = useStudio();
  const { store, theme } = studio;
  const tiny = studio.tiny.value;
  const dark = theme.dark.value;
  return (
    <header class="top">
      <div class="brand">
        <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 1.2 14.6 14H1.4z" fill="currentColor" />
        </svg>
        <span>apical</span>
      </div>
      <ProjectName />
      <History />
      <Pill />
      <div class="top-space" />
      {store.pinnedRun.value && !tiny && <Flip />}
      <Button label="Keep this run to compare with (K)" icon={tiny ? "pin" : undefined} onClick={() => keep(studio)} disabled={!store.wave.value?.complete}>
        {tiny ? undefined : "Keep run"}
      </Button>
      {!tiny && <FitButton />}
      <ExportMenu />
      <FileMenu />
      {!tiny && (
        <Button
          label={dark ? "Light colours" : "Dark colours"}
          icon={dark ? "sun" : "moon"}
          kind="ghost"
          onClick={() => theme.toggle()}
        />
      )}
      {!tiny && <Button label="Keys and gestures (?)" icon="help" kind="ghost" onClick={() => (studio.help.value = true)} />}
    </header>
  );
}

/** Keeps the run on the screen, and says so. */
export function keep(studio: ReturnType<typeof useStudio>): void {
  const run = keepRun(studio.store);
  if (run) studio.say(`Kept as “${run.name}”. ${studio.tiny.value ? "It is under Fit · runs." : "Hold B to see it again."}`);
}

function ProjectName() {
  const { store } = useStudio();
  const key = store.setup.value.model;
  const model = store.hello.value?.models.find((m) => m.key === key);
  const name = model?.uploaded ? model.title || key : key;
  return (
    <div class="project" title={model?.title}>
      <span class="project-name">{name.replaceAll("_", " ")}</span>
      {store.edited.value && <span class="project-edited">edited</span>}
    </div>
  );
}

function FitButton() {
  const studio = useStudio();
  const { store } = studio;
  const ready = store.recording.value !== null;
  const running = store.fit.value?.running;
  const go = () => (running || ready ? studio.openFit() : studio.say("Drop a recording first: a fit needs something to fit to."));
  return (
    <Button kind="primary" label={ready ? "Fit the simulation to the recording" : "A fit needs a recording: drop one anywhere"} onClick={go}>
      {running ? "Fitting …" : "Fit to data"}
    </Button>
  );
}

/** Shows the pinned run for as long as it is held. */
function Flip() {
  const { store } = useStudio();
  const show = (on: boolean) => () => {
    store.flipped.value = on;
  };
  return (
    <button
      type="button"
      class="button flip"
      aria-pressed={store.flipped.value}
      title={`Hold to see “${store.pinnedRun.value?.name}” (key B)`}
      onPointerDown={show(true)}
      onPointerUp={show(false)}
      onPointerLeave={show(false)}
      onKeyDown={(e) => e.key === " " && show(true)()}
      onKeyUp={show(false)}
      onBlur={show(false)}
    >
      A<span class="faint">|</span>B
    </button>
  );
}

/** What the engine does. */
function Pill() {
  const { store } = useStudio();
  const status = store.status.value;
  const percent = Math.round(100 * store.progress.value);
  const seconds = store.latency.value;
  const trials = store.trialsDone.value;
  const texts = {
    live: trials && trials.done < trials.trials ? `trial ${trials.done} of ${trials.trials}` : `live${seconds === null ? "" : ` · ${duration(seconds)}`}`,
    computing: store.saying.value || `computing ${percent} %`,
    preview: "preview",
    offline: "offline",
    stale: "stale",
  };
  const meanings = {
    live: "What is drawn is what is set; the time from the last change to its whole wave.",
    computing: "The wave follows; what is pale is still of before.",
    preview: "Dotted: an estimate from the wave's slopes, until the run itself is there.",
    offline: "The server does not answer. Nothing is lost; this page tries again.",
    stale: "What is set cannot be run; the wave is of before.",
  };
  return (
    <span class="pill" data-status={status} role="status" aria-live="off" title={meanings[status]}>
      {texts[status]}
    </span>
  );
}
