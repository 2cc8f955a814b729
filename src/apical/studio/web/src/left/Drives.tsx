import { freeName, withPart } from "../model/editing";
import { KINDS, newBias, newDrive } from "../model/newdrives";
import { useStudio } from "../studio";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { BiasCard } from "./drives/BiasCard";
import { Card } from "./drives/Card";

/** Every input to the column, in the order of arrival. */
export function Drives() {
  const { store } = useStudio();
  const add = ({ kind, location, label, stem }: (typeof KINDS)[number]) =>
    store.edit(`Add: ${label}`, (s) => {
      const base = store.base.value;
      return withPart(s, "drives", freeName(s, base, "drives", stem), newDrive(s, base, kind, location));
    });
  const addBias = () =>
    store.edit("Add: tonic current", (s) => withPart(s, "biases", freeName(s, store.base.value, "biases", "bias"), newBias(store.base.value)));
  const items = [
    ...KINDS.map((k) => ({ label: k.label, action: () => add(k) })),
    { label: "Tonic current", apart: true, action: addBias },
  ];
  return (
    <section class="block" aria-label="Drives">
      <header class="block-head">
        <h2>Drives</h2>
        <Menu label="Add a drive" kind="plain small" items={items}>
          <Icon name="plus" size={13} /> add
        </Menu>
      </header>
      {store.inputs.value.map((look) =>
        look.field === "biases" ? <BiasCard key={`bias ${look.name}`} look={look} /> : <Card key={look.name} look={look} />,
      )}
      {!store.inputs.value.length && <p class="block-note">No input: the column rests. Add a drive.</p>}
    </section>
  );
}
