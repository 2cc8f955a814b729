import { defaultOf, parts, type Tree, valueOf, withValues } from "../../model/address";
import { short } from "../../model/format";
import type { Setup } from "../../messages";
import { useStudio } from "../../studio";
import { Slider } from "../../ui/Slider";

const CLASSES: [string, string, string, string][] = [
  ["E→E", "excitatory", "excitatory", "excitatory cells onto excitatory ones"],
  ["E→I", "excitatory", "inhibitory", "excitatory cells onto inhibitory ones"],
  ["I→E", "inhibitory", "excitatory", "inhibitory cells onto excitatory ones"],
  ["I→I", "inhibitory", "inhibitory", "inhibitory cells onto inhibitory ones"],
];

/** How strongly cells act on each other: one factor on the projections of each class. */
export function Gains() {
  const { store } = useStudio();
  const setup = store.setup.value;
  const base = store.base.value;
  return (
    <>
      {CLASSES.map(([label, source, target, words]) => {
        const paths = gainPaths(setup, base, source, target);
        if (!paths.length) return null;
        const mean = (of: typeof valueOf) => paths.reduce((sum, p) => sum + Number(of(setup, base, p) ?? 1), 0) / paths.length;
        const change = (gain: number) =>
          store.edit(
            `${label} gain × ${short(gain)}`,
            (s) => withValues(s, base, Object.fromEntries(paths.map((p) => [p, gain]))),
            `gain.${label}`,
          );
        return (
          <Slider
            key={label} label={label} prefix="×" decimals={2} low={0} high={3} minimum={0} value={mean(valueOf)} normal={mean(defaultOf)}
            meaning={`Gain of the synapses of ${words}.`} onChange={change}
          />
        );
      })}
    </>
  );
}

/** Addresses of the gains of all projections from cells of one role to those of another. */
function gainPaths(setup: Setup, base: Tree, source: string, target: string): string[] {
  const populations = parts(setup, base, "populations") as Record<string, Tree>;
  const projections = parts(setup, base, "projections") as Record<string, Tree>;
  return Object.entries(projections)
    .filter(([, p]) => populations[String(p.source)]?.role === source && populations[String(p.target)]?.role === target)
    .map(([name]) => `projections.${name}.gain`);
}
