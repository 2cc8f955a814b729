import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./Icon";

export interface Item {
  label: string;
  /** a key or a value at the right */
  hint?: string;
  action: () => void;
  checked?: boolean;
  disabled?: boolean;
  /** a line above */
  apart?: boolean;
}

interface Props {
  label: string;
  items: Item[];
  /** what the button shows; by default three dots */
  children?: ComponentChildren;
  kind?: string;
  disabled?: boolean;
}

/** Space between a button and its list, and at the edges of the page; px. */
const ROOM = 5;

/** A button that opens a list of actions; arrow keys walk, Escape closes. */
export function Menu({ label, items, children, kind = "ghost", disabled }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    place(list.current!, box.current!.getBoundingClientRect());
    box.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const root = box.current!.getRootNode();
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const away = (event: Event) => !list.current?.contains(event.target as Node) && setOpen(false);
    root.addEventListener("pointerdown", outside);
    window.addEventListener("scroll", away, true);
    window.addEventListener("resize", away);
    return () => {
      root.removeEventListener("pointerdown", outside);
      window.removeEventListener("scroll", away, true);
      window.removeEventListener("resize", away);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  return (
    <div class="menu" ref={box} onKeyDown={(event) => open && walk(event, close)}>
      <button
        type="button"
        class={`button ${kind} ${children ? "" : "only-icon"}`}
        title={label}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {children ?? <Icon name="menu" />}
      </button>
      {open && (
        <div class="menu-list" role="menu" aria-label={label} popover="manual" ref={list}>
          {items.map((item) => (
            <MenuItem item={item} close={close} key={item.label} />
          ))}
        </div>
      )}
    </div>
  );
}

/** Above all else, under its button or, without room there, above it; never outside of the page. */
function place(list: HTMLElement, button: DOMRect): void {
  list.showPopover();
  const { width, height } = list.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const below = button.bottom + ROOM + height <= clientHeight;
  const top = below ? button.bottom + ROOM : Math.max(ROOM, button.top - ROOM - height);
  const left = button.right - width >= ROOM ? button.right - width : button.left;
  list.style.top = `${top}px`;
  list.style.left = `${Math.min(left, clientWidth - width - ROOM)}px`;
}

function MenuItem({ item, close }: { item: Item; close: () => void }) {
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={item.checked}
      tabIndex={-1}
      class={`menu-item ${item.apart ? "apart" : ""}`}
      disabled={item.disabled}
      onClick={() => {
        close();
        item.action();
      }}
    >
      <span class="menu-check">{item.checked && <Icon name="check" size={13} />}</span>
      <span>{item.label}</span>
      {item.hint && <span class="menu-hint">{item.hint}</span>}
    </button>
  );
}

function walk(event: KeyboardEvent, close: () => void): void {
  const list = event.currentTarget as HTMLElement;
  const items = [...list.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)")];
  const root = list.getRootNode() as Document | ShadowRoot;
  const here = items.indexOf(root.activeElement as HTMLElement);
  const moves: Record<string, number> = {
    ArrowDown: here + 1, ArrowUp: here - 1 + items.length, Home: 0, End: items.length - 1,
  }; // prettier-ignore
  if (event.key === "Escape") close();
  else if (event.key in moves) items[moves[event.key] % items.length]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
