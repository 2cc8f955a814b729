// The session of an earlier visit, offered once.

import { openSession } from "../store/session";
import type { Studio } from "../studio";

/** Whether it is to be offered: not once something has been done. */
export function isWorth({ earlier, store }: Studio): boolean {
  return earlier.value !== null && store.wave.value !== null && store.undoSteps.value.length === 0;
}

export async function openEarlier(studio: Studio): Promise<void> {
  const session = studio.earlier.value;
  studio.earlier.value = null;
  if (!session) return;
  const key = session.setup.model ?? "";
  const known = key in session.models || studio.store.hello.value?.models.some((m) => m.key === key);
  if (!known) return studio.say("That session's model was a file: drop it again.");
  const there = studio.store.recordings.value.some((r) => r.info.key === session.view.data);
  const view = there ? session.view : { ...session.view, data: studio.store.view.value.data };
  await openSession(studio.store, { ...session, view });
}
