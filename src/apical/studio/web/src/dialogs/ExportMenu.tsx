import { EXPORTS, exportAs } from "../files/save";
import { useStudio } from "../studio";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";

/** What can be taken away. */
export function ExportMenu() {
  const studio = useStudio();
  const items = EXPORTS.map(({ kind, label, hint }) => ({ label, hint, action: () => void exportAs(studio, kind) }));
  const code = { label: "Show code", hint: "C", apart: true, action: () => (studio.code.value = true) };
  return (
    <Menu label="Export" kind="plain" items={[...items, code]}>
      Export <Icon name="down" size={13} />
    </Menu>
  );
}
