import type { ComponentChildren } from "preact";
import { useStudio } from "../studio";
import { Icon } from "./Icon";
import { type Item, Menu } from "./Menu";

interface Props {
  /** short and unique: used by style sheet, full screen and tests (`data-panel`) */
  name: string;
  title: string;
  unit?: string;
  note?: ComponentChildren;
  /** at the right of the title: legends, switches */
  tools?: ComponentChildren;
  /** more entries of the menu */
  menu?: Item[];
  children: ComponentChildren;
}

/** A box with a title, tools and a menu; it folds, and can fill the whole centre. */
export function Panel({ name, title, unit, note, tools, menu = [], children }: Props) {
  const studio = useStudio();
  const full = studio.full.value === name;
  const folded = studio.collapsed.value.has(name) && !full && !studio.narrow.value;
  const items: Item[] = [
    { label: full ? "Leave full screen" : "Full screen", hint: "F", action: () => studio.toggleFull(name) },
    { label: folded ? "Unfold" : "Fold", action: () => studio.toggleCollapsed(name) },
    ...menu.map((item, i) => (i === 0 ? { ...item, apart: true } : item)),
  ];
  return (
    <section
      class={`panel panel-${name} ${full ? "full" : ""} ${folded ? "folded" : ""}`}
      data-panel={name}
      aria-label={title}
    >
      <header class="panel-head" onDblClick={(e) => e.target === e.currentTarget && studio.toggleFull(name)}>
        <button
          type="button"
          class="panel-title"
          aria-expanded={!folded}
          title={folded ? "Unfold" : "Fold"}
          onClick={() => studio.toggleCollapsed(name)}
        >
          <Icon name="down" size={12} />
          <h2>{title}</h2>
        </button>
        {unit && <span class="panel-unit">{unit}</span>}
        {note && <span class="panel-note">{note}</span>}
        <div class="panel-tools">{!folded && tools}</div>
        <Menu label={`${title}: more`} items={items} />
      </header>
      {!folded && <div class="panel-body">{children}</div>}
    </section>
  );
}
