import type { ComponentChildren } from "preact";
import type { Activity, KeptRun } from "../store/state";
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

/** The present run, the pinned one in its place, or both beside each other: in every panel alike. */
export function Beside({ children }: { children: (shown: Shown) => ComponentChildren }) {
  const { store, narrow } = useStudio();
  const pinned = store.pinnedRun.value;
  const flipped = store.flipped.value ? pinned : null;
  const beside = store.sideBySide.value && !narrow.value ? pinned : null;
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

/** Reads every signal that decides what is drawn, and where. */
export function watchShown({ store, axis }: Studio): void {
  store.activity.value;
  store.pinnedRun.value;
  store.flipped.value;
  store.sideBySide.value;
  axis.tmin.value;
  axis.tmax.value;
}
