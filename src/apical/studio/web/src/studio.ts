// What every component can reach: the store, the time axis, the theme and the painter.

import { effect, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";
import { Axis } from "./plot/axis";
import { Painter } from "./plot/painter";
import { Theme } from "./plot/theme";
import { followPinned } from "./store/asides";
import { receive } from "./store/receive";
import { followSmoothing } from "./store/reshown";
import type { Session } from "./store/session";
import { Store } from "./store/store";
import type { Transport } from "./transport";

export type Dialog = { name: string; argument?: unknown } | null;

/** One studio on a page; a notebook may show several. */
export class Studio {
  readonly store: Store;
  readonly axis: Axis;
  readonly theme: Theme;
  readonly painter = new Painter();
  /** which dialog is open: a name that `dialogs/Dialogs.tsx` knows */
  readonly dialog = signal<Dialog>(null);
  /** the panel that fills the centre, by name */
  readonly full = signal<string | null>(null);
  readonly collapsed = signal<ReadonlySet<string>>(new Set());
  /** too narrow for three columns */
  readonly narrow = signal(false);
  /** as narrow as a phone */
  readonly tiny = signal(false);
  readonly tab = signal("drives");
  readonly help = signal(false);
  /** whether the script of what is on the screen is shown */
  readonly code = signal(false);
  /** whether hints are shown, and which of them are done */
  readonly hints = signal(false);
  readonly hinted = signal<boolean[]>([]);
  /** a short word on what has happened, for the status bar */
  readonly note = signal("");
  readonly playing = signal(false);
  /** the electrode array that a click in the column places, by name */
  readonly placing = signal<string | null>(null);
  /** files that are being made for the person */
  readonly making = signal<readonly string[]>([]);
  /** the session of an earlier visit, while it is offered */
  readonly earlier = signal<Session | null>(null);
  /** lines of the dipole panel that are switched off */
  readonly hidden = signal<ReadonlySet<string>>(new Set(["residual"]));
  /** factor on the height of the dipole, by + and − */
  readonly gain = signal(1);

  constructor(
    readonly root: HTMLElement,
    readonly transport: Transport,
    /** where `data-drawn` and `data-state` are written */
    readonly host: HTMLElement,
  ) {
    this.store = new Store(transport);
    this.axis = new Axis(this.store);
    this.theme = new Theme(root);
    this.theme.apply();
    transport.onFrame = (frame) => {
      receive(this.store, frame);
      this.painter.afterwards(() => this.#drawn(frame.head.seq));
    };
    transport.onOnline = (online) => {
      this.store.online.value = online;
    };
    followPinned(this.store);
    followSmoothing(this);
    effect(() => {
      this.store.undoSteps.value; // what was said is about what was done before
      this.note.value = "";
    });
    effect(() => {
      host.dataset.state = this.store.status.value;
      // the digest of the result that is on the screen, as the script prints it
      host.dataset.digest = this.store.current.value ? (this.store.details.value?.hash ?? "") : "";
    });
  }

  #drawn(seq: number): void {
    this.host.dataset.drawn = String(seq);
    this.transport.send({ type: "drawn", seq });
  }

  close(): void {
    this.transport.close();
    this.theme.close();
    this.root.remove();
  }

  /** Says something in the status bar. */
  say(text: string): void {
    this.note.value = text;
  }

  /** Shows where a fit is set up. */
  openFit(): void {
    if (this.collapsed.value.has("fit")) this.toggleCollapsed("fit");
    this.full.value = null;
    this.tab.value = "fit";
    requestAnimationFrame(() => {
      const panel = this.root.querySelector<HTMLElement>("[data-panel=fit]");
      panel?.scrollIntoView({ block: "nearest" });
      panel?.querySelector<HTMLElement>(".panel-body :is(button, input)")?.focus();
    });
  }

  toggleFull(panel: string): void {
    this.full.value = this.full.value === panel ? null : panel;
  }

  toggleTrace(key: string): void {
    const next = new Set(this.hidden.value);
    if (!next.delete(key)) next.add(key);
    this.hidden.value = next;
  }

  toggleCollapsed(panel: string): void {
    const next = new Set(this.collapsed.value);
    if (!next.delete(panel)) next.add(panel);
    this.collapsed.value = next;
  }
}

export const StudioContext = createContext<Studio | null>(null);

/** The studio that a component is part of. */
export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("a component outside of a studio");
  return studio;
}

/** Draws in the next frame after any signal that `watch` reads has changed. */
export function usePaint(watch: () => void, draw: () => void): void {
  const { painter } = useStudio();
  useEffect(() => {
    const stop = effect(() => {
      watch();
      painter.paint(draw);
    });
    return () => {
      stop();
      painter.forget(draw);
    };
  }, []);
}
