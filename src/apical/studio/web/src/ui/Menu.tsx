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

/** A button that opens a list of actions; arrow keys walk, Escape closes. */
export function Menu({ label, items, children, kind = "ghost", disabled }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    box.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const root = box.current!.getRootNode();
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    root.addEventListener("pointerdown", outside);
    return () => root.removeEventListener("pointerdown", outside);
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
        <div class="menu-list" role="menu" aria-label={label}>
          {items.map((item) => (
            <MenuItem item={item} close={close} key={item.label} />
          ))}
        </div>
      )}
    </div>
  );
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
