import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Activity, Details, KeptRun } from "../store/state";
import type { Store } from "../store/store";
import { type Studio, useStudio } from "../studio";

/** A kept run that is drawn, or null for the present one; `beside` says whether there are two. */
export interface Shown {
  run: KeptRun | null;
  /** `A · now`, where there are two */
  name: string | null;
  /** only to be looked at */
  still: boolean;
}

/** The present run, the pinned one in its place, or both beside each other (on a phone, one above
 * the other): in every panel alike. */
export function Beside({ children }: { children: (shown: Shown) => ComponentChildren }) {
  const { store } = useStudio();
  const pinned = store.pinnedRun.value;
  const flipped = store.flipped.value ? pinned : null;
  const beside = store.sideBySide.value ? pinned : null;
  return (
    <div class={`charts ${beside ? "beside" : ""}`}>
      {children({ run: flipped, name: beside && (flipped ? `B · ${flipped.name}` : "A · now"), still: false })}
      {beside && children({ run: beside, name: `B · ${beside.name}`, still: true })}
    </div>
  );
}

/** What a chart beside another is called; the topmost says it in full. */
export function ChartName({ name, full }: { name: string | null; full?: boolean }) {
  return name && <span class="chart-name" title={name}>{full ? name : name[0]}</span>;
}

/** What is known of a run. */
export function activityOf(store: Store, run: KeptRun | null): Activity | null {
  return run ? run.activity : store.activity.value;
}

/** All that may be compared: scales are common to them, so that sizes can be. */
export function compared(store: Store): Activity[] {
  return [store.activity.value, store.pinnedRun.value?.activity].filter((a) => !!a);
}

/** What is known of a run when it is complete, and its potentials before. */
export function detailsOf(store: Store, run: KeptRun | null): Details | null {
  return run ? (run.activity?.details ?? null) : store.details.value;
}

/** Reads the signals that decide which runs are drawn, and where; and those of what is drawn, no others:
 * spikes come many times a second. */
export function watchShown({ store, axis }: Studio, ...drawn: ReadonlySignal<unknown>[]): void {
  for (const each of drawn) each.value;
  store.current.value;
  store.pinnedRun.value;
  store.flipped.value;
  store.sideBySide.value;
  axis.tmin.value;
  axis.tmax.value;
}
