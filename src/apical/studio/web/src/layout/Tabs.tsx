import type { ComponentType } from "preact";
import { ColumnForm } from "../left/ColumnForm";
import { Data } from "../left/Data";
import { Drives } from "../left/Drives";
import { Csd } from "../panels/Csd";
import { Lfp } from "../panels/Lfp";
import { Raster } from "../panels/Raster";
import { Strip } from "../panels/Strip";
import { Column3D } from "../right/Column3D";
import { FitPanel } from "../right/FitPanel";
import { Runs } from "../right/Runs";
import { useStudio } from "../studio";

const TABS: { name: string; title: string; parts: ComponentType[]; left?: boolean }[] = [
  { name: "drives", title: "Drives", parts: [Drives], left: true },
  { name: "data", title: "Data", parts: [Data], left: true },
  { name: "model", title: "Column", parts: [ColumnForm], left: true },
  { name: "activity", title: "Spikes", parts: [Strip, Raster] },
  { name: "field", title: "LFP · CSD", parts: [Lfp, Csd] },
  { name: "space", title: "3-D", parts: [Column3D] },
  { name: "fit", title: "Fit · runs", parts: [FitPanel, Runs] },
];

/** What is beside the wave on a wide screen. */
export function Tabs() {
  const { tab } = useStudio();
  const index = Math.max(TABS.findIndex((t) => t.name === tab.value), 0);
  const walk = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = (index + by + TABS.length) % TABS.length;
    tab.value = TABS[next].name;
    (event.currentTarget as HTMLElement).querySelectorAll("button")[next].focus();
  };
  const { parts, left, title } = TABS[index];
  const content = parts.map((Part) => <Part key={Part.name} />);
  return (
    <>
      <div class="tabs" role="tablist" aria-label="Parts of the screen" onKeyDown={walk}>
        {TABS.map(({ name, title: text }, i) => (
          <button
            key={name}
            type="button"
            class="tab"
            role="tab"
            aria-selected={i === index}
            tabIndex={i === index ? 0 : -1}
            onClick={() => (tab.value = name)}
          >
            {text}
          </button>
        ))}
      </div>
      <div class="tab-body scroll" role="tabpanel" aria-label={title}>
        {left ? <div class="left">{content}</div> : content}
      </div>
    </>
  );
}
