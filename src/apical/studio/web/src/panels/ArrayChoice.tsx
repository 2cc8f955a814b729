import { parts } from "../model/address";
import { useStudio } from "../studio";

/** Which electrode array is looked at, where there are several. */
export function ArrayChoice() {
  const { store } = useStudio();
  const names = Object.keys(parts(store.setup.value, store.base.value, "electrodes"));
  if (names.length < 2) return null;
  const { electrodes = "" } = store.view.value;
  const value = names.includes(electrodes) ? electrodes : (store.details.value?.electrodes ?? names[0]);
  const choose = (name: string) => store.editView(`Electrodes: ${name}`, (view) => ({ ...view, electrodes: name }));
  return (
    <select class="select array-choice" aria-label="Electrode array" title="Which electrode array is shown" value={value} onChange={(e) => choose(e.currentTarget.value)}>
      {names.map((name) => (
        <option key={name} value={name} selected={name === value}>{name}</option>
      ))}
    </select>
  );
}
