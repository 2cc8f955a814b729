import type { ComponentChildren } from "preact";
import { Icon } from "./Icon";

interface Props {
  /** says what it does; seen as a tip, and read aloud where there is only an icon */
  label: string;
  onClick: (event: MouseEvent) => void;
  icon?: string;
  children?: ComponentChildren;
  kind?: "plain" | "primary" | "ghost" | "danger";
  disabled?: boolean;
  pressed?: boolean;
  class?: string;
}

/** A button with an icon, a text or both. */
export function Button({ label, onClick, icon, children, kind = "plain", disabled, pressed, class: extra }: Props) {
  const only = children === undefined;
  return (
    <button
      type="button"
      class={`button ${kind} ${only ? "only-icon" : ""} ${extra ?? ""}`}
      title={label}
      aria-label={only ? label : undefined}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
