// Keys that work anywhere but in a field.

import { closeSweep } from "../store/sweep";
import type { Studio } from "../studio";
import { saveSession } from "./FileMenu";
import { keep } from "./TopBar";

/** Listens on the studio's own root, or on the whole page where it has it to itself. */
export function listen(studio: Studio, target: EventTarget): () => void {
  const down = (event: Event) => pressed(studio, event as KeyboardEvent);
  const up = (event: Event) => {
    if ((event as KeyboardEvent).key.toLowerCase() === "b") studio.store.flipped.value = false;
  };
  const away = () => (studio.store.flipped.value = false);
  target.addEventListener("keydown", down);
  target.addEventListener("keyup", up);
  window.addEventListener("blur", away);
  return () => {
    target.removeEventListener("keydown", down);
    target.removeEventListener("keyup", up);
    window.removeEventListener("blur", away);
  };
}

function pressed(studio: Studio, event: KeyboardEvent): void {
  const action = event.ctrlKey || event.metaKey ? command(studio, event) : plain(studio, event);
  if (!action || event.defaultPrevented) return;
  event.preventDefault();
  action();
}

function command(studio: Studio, event: KeyboardEvent): (() => void) | undefined {
  const { store, root } = studio;
  const typing = isText(event.composedPath()[0]);
  const key = event.key.toLowerCase();
  if (key === "z" && typing) return undefined;
  if (key === "z") return () => (event.shiftKey ? store.redo() : store.undo());
  if (key === "y") return () => store.redo();
  if (key === "s") return () => saveSession(studio);
  if (key === "o") return () => root.querySelector<HTMLInputElement>(".session-input")?.click();
  return undefined;
}

function plain(studio: Studio, event: KeyboardEvent): (() => void) | undefined {
  const target = event.composedPath()[0];
  if (isText(target) || event.altKey || studio.help.value || studio.dialog.value) return undefined;
  const { axis, store } = studio;
  const isButton = target instanceof HTMLElement && target.matches("button, select, a, [role^=menuitem]");
  const actions: Record<string, () => void> = {
    k: () => keep(studio),
    b: () => (store.flipped.value = store.pinnedRun.value !== null),
    c: () => (studio.code.value = !studio.code.value),
    f: () => full(studio),
    "?": () => (studio.help.value = true),
    "0": () => axis.reset(),
    "[": () => axis.zoomBy(1.25),
    "]": () => axis.zoomBy(0.8),
    "+": () => (studio.gain.value *= 1.25),
    "=": () => (studio.gain.value *= 1.25),
    "-": () => (studio.gain.value /= 1.25),
    Escape: () => escape(studio),
  };
  if (event.key === " " && !isButton) return () => (studio.playing.value = !studio.playing.value);
  return actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}

/** The panel under the pointer, or the one with the focus, fills the centre. */
function full(studio: Studio): void {
  const under = [...studio.root.querySelectorAll<HTMLElement>("[data-panel]")];
  const found = under.find((p) => p.matches(":hover")) ?? under.find((p) => p.matches(":focus-within"));
  studio.full.value = studio.full.value ? null : (found?.dataset.panel ?? "dipole");
}

function escape(studio: Studio): void {
  if (studio.store.sweep.value) return closeSweep(studio.store);
  studio.placing.value = null;
  studio.full.value = null;
  studio.axis.pin.value = null;
}

/** A field that takes letters; a slider does not. */
function isText(target: EventTarget | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target.isContentEditable;
}
