// The one truth of the screen: what is simulated, how it is shown, and how one got there.

import { batch, computed, signal } from "@preact/signals";
import type { FitParameter, Hello } from "../messages";
import { type Tree, valueOf } from "../model/address";
import { biasLooks, driveLooks } from "../model/drives";
import type { Received, Transport } from "../transport";
import {
  type Activity, type Details, type FitState, type KeptRun, type Moment, NO_SETUP, NO_VIEW, type Problems,
  type Recording, type Setup, type Shape, type Slope, type Spikes, type Status, type Step,
  type Sweep, type View, type Wave,
} from "./state"; // prettier-ignore

const MAX_STEPS = 500;
/** Keys that come closer together than this (ms) are one gesture. */
const PAUSE = 700;
/** How many requests are remembered; a run may be shown long after newer ones were asked for. */
const REMEMBERED = 400;

/** What a step is called; it may depend on what was before the gesture. */
export type Name = string | ((before: Moment) => string);

/** Everything that one studio knows; panels read its signals, controls call its methods. */
export class Store {
  // --- what the hand changes -----------------------------------------------------------------
  readonly setup = signal<Setup>(NO_SETUP);
  readonly view = signal<View>(NO_VIEW);
  readonly undoSteps = signal<Step[]>([]);
  readonly redoSteps = signal<Step[]>([]);
  readonly kept = signal<KeptRun[]>([]);
  readonly pinned = signal<string | null>(null);
  /** while true, the pinned run takes the place of the present one */
  readonly flipped = signal(false);
  readonly sideBySide = signal(false);
  readonly sweep = signal<Sweep | null>(null);
  /** whether a gesture is under way */
  readonly hand = signal(false);
  /** address that the pointer is over, whose effect is hinted at in the wave */
  readonly hovered = signal<string | null>(null);

  // --- what the server says ------------------------------------------------------------------
  readonly hello = signal<Hello | null>(null);
  readonly online = signal(false);
  /** whether what the page begins with is in place */
  readonly begun = signal(false);
  readonly shape = signal<Shape | null>(null);
  readonly wave = signal<Wave | null>(null);
  /** the last wave that was complete: slopes are of it */
  readonly whole = signal<Wave | null>(null);
  readonly spikes = signal<Spikes | null>(null);
  readonly details = signal<Details | null>(null);
  readonly slopes = signal<Slope[]>([]);
  readonly recordings = signal<Recording[]>([]);
  readonly problems = signal<Problems>([]);
  readonly saying = signal("");
  /** what makes the run on the screen doubtful */
  readonly warnings = signal<readonly string[]>([]);
  readonly progress = signal(1);
  readonly trialsDone = signal<{ done: number; trials: number } | null>(null);
  /** from the last change of the hand to the end of its run, in s */
  readonly latency = signal<number | null>(null);
  readonly fit = signal<FitState | null>(null);
  /** what a fit may vary, chosen at the sliders */
  readonly fitParameters = signal<FitParameter[]>([]);

  // --- what follows --------------------------------------------------------------------------
  readonly base = computed<Tree>(() => this.shape.value?.base ?? {});
  readonly looks = computed(() => driveLooks(this.setup.value, this.base.value));
  /** drives, then currents into cells: all that has a flag and a card */
  readonly inputs = computed(() => [...this.looks.value, ...biasLooks(this.setup.value, this.base.value)]);
  readonly recording = computed(
    () => this.recordings.value.find((r) => r.info.key === this.view.value.data) ?? null,
  );
  readonly pinnedRun = computed(
    () => this.kept.value.find((run) => run.key === this.pinned.value) ?? null,
  );
  /** whether what is drawn is what is set */
  readonly current = computed(() => {
    const wave = this.wave.value;
    return !!wave && wave.complete && wave.setup === this.setup.value && wave.view === this.view.value;
  });
  /** what panels beside the dipole draw */
  readonly activity = computed<Activity | null>(() => {
    const shape = this.shape.value;
    if (!shape) return null;
    const { populations, sources } = shape;
    const [spikes, details] = [this.spikes.value, this.details.value];
    return { populations, sources, looks: this.looks.value, spikes, details, current: this.current.value };
  });
  /** scores, only while they belong to the wave on the screen */
  readonly scores = computed(() => (this.current.value ? (this.details.value?.scores ?? null) : null));
  readonly edited = computed(() => {
    const hello = this.hello.value;
    return !!hello && JSON.stringify(hello.setup) !== JSON.stringify(this.setup.value);
  });
  readonly status = computed<Status>(() => {
    if (!this.online.value) return "offline";
    if (this.problems.value.length) return "stale";
    if (this.current.value) return "live";
    return this.previewing.value ? "preview" : "computing";
  });
  /** whether the preview stands for a run of which nothing has come yet */
  readonly previewing = signal(false);

  /** what the page begins with, if not with what the server says */
  initial: Moment | null = null;
  /** runs that are made for kept ones, by number; their frames are not for the screen */
  readonly asides = new Map<number, (frame: Received) => void>();
  /** models that were dropped in, so that a session file can hold them */
  readonly uploads = new Map<string, string>();
  /** what they are called */
  readonly names = new Map<string, string>();
  #gesture = "";
  #ending: ReturnType<typeof setTimeout> | undefined;
  #sent = new Map<number, Moment>();
  #times = new Map<number, number>();
  /** what the server runs; null if it may run nothing */
  #running: Setup | null = null;
  #id = 0;
  #queued = false;

  constructor(readonly transport: Transport) {}

  // --- editing ---------------------------------------------------------------------------------

  /** Changes what is simulated; equal `gesture` keys in a row are one step of the history. */
  edit(name: Name, change: (setup: Setup) => Setup, gesture = ""): void {
    this.#step(name, gesture, { setup: change(this.setup.value), view: this.view.value });
  }

  /** Changes how it is shown. */
  editView(name: Name, change: (view: View) => View, gesture = ""): void {
    this.#step(name, gesture, { setup: this.setup.value, view: change(this.view.value) });
  }

  /** Changes both at once. */
  editBoth(name: Name, change: (moment: Moment) => Moment): void {
    this.#step(name, "", change({ setup: this.setup.value, view: this.view.value }));
  }

  /** The hand has left: what comes next is a step of its own. */
  endGesture(): void {
    this.#gesture = "";
    this.hand.value = false;
  }

  /** The same for keys and wheels, which do not say when they have left. */
  endSoon(): void {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => this.endGesture(), PAUSE);
  }

  #step(name: Name, gesture: string, next: Moment): void {
    clearTimeout(this.#ending);
    const before = { setup: this.setup.value, view: this.view.value };
    if (next.setup === before.setup && next.view === before.view) return;
    const steps = this.undoSteps.value;
    const goesOn = gesture !== "" && gesture === this.#gesture && steps.length > 0;
    const moment = goesOn ? steps[steps.length - 1].moment : before;
    batch(() => {
      const step = { name: typeof name === "string" ? name : name(moment), moment };
      this.undoSteps.value = [...(goesOn ? steps.slice(0, -1) : steps), step].slice(-MAX_STEPS);
      this.redoSteps.value = [];
      this.#gesture = gesture;
      this.hand.value = gesture !== "";
      this.#put(next);
    });
  }

  undo(): void {
    this.#travel(this.undoSteps, this.redoSteps);
  }

  redo(): void {
    this.#travel(this.redoSteps, this.undoSteps);
  }

  /** Goes back to where `count` steps remain. */
  undoTo(count: number): void {
    batch(() => {
      while (this.undoSteps.value.length > count) this.undo();
    });
  }

  redoTo(count: number): void {
    batch(() => {
      while (this.redoSteps.value.length > count) this.redo();
    });
  }

  #travel(from: Store["undoSteps"], to: Store["undoSteps"]): void {
    const step = from.value.at(-1);
    if (!step) return;
    this.endGesture();
    batch(() => {
      to.value = [...to.value, { ...step, moment: { setup: this.setup.value, view: this.view.value } }];
      from.value = from.value.slice(0, -1);
      this.#put(step.moment);
    });
  }

  /** Puts a whole moment in place, without history: at the start. */
  restore(moment: Moment): void {
    batch(() => {
      this.#put(moment);
      this.begun.value = true;
    });
  }

  #put(next: Moment): void {
    this.setup.value = next.setup;
    this.view.value = next.view;
    this.problems.value = [];
    this.request();
  }

  /** The value at an address, as it is simulated. */
  value(path: string): unknown {
    return valueOf(this.setup.value, this.base.value, path);
  }

  // --- talking to the server --------------------------------------------------------------------

  /** Asks for a run of what is set, once for all changes of the same moment. */
  request(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#ask();
    });
  }

  /** Asks again after the server was lost; it may know nothing of before. */
  again(): void {
    this.wave.value = this.wave.value && { ...this.wave.value, complete: false };
    this.refused();
    this.request();
  }

  #ask(): void {
    const setup = this.setup.value;
    const view = this.view.value;
    if (this.current.value) return;
    const id = this.nextId({ setup, view });
    const only = this.#running === setup;
    this.#running = setup;
    this.transport.send(only ? { type: "look", id, view } : { type: "simulate", id, setup, view });
  }

  /** A number for a request, which remembers what was asked. */
  nextId(moment: Moment): number {
    this.#id += 1;
    this.#sent.set(this.#id, moment);
    this.#times.set(this.#id, performance.now());
    this.#sent.delete(this.#id - REMEMBERED);
    this.#times.delete(this.#id - REMEMBERED);
    return this.#id;
  }

  /** What a request asked for. */
  asked(id: number): Moment | undefined {
    return this.#sent.get(id);
  }

  /** Seconds since a request. */
  since(id: number): number {
    return (performance.now() - (this.#times.get(id) ?? Number.NaN)) / 1000;
  }

  /** The server runs nothing of what is set. */
  refused(): void {
    this.#running = null;
  }

  get lastId(): number {
    return this.#id;
  }
}
