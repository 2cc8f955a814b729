import { useRef } from "preact/hooks";
import { takeFiles } from "../files/take";
import { modelName } from "../store/models";
import { sessionText } from "../store/session";
import type { Store } from "../store/store";
import { type Studio, useStudio } from "../studio";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";

/** Back to what the server was started with; recordings stay. */
export function beginAnew(store: Store): void {
  const hello = store.hello.value;
  if (hello) store.editBoth("Begin anew", ({ view }) => ({ setup: hello.setup, view: { ...hello.view, data: view.data } }));
}

/** Sessions as files, and what has no place of its own. */
export function FileMenu() {
  const studio = useStudio();
  const { store, theme } = studio;
  const input = useRef<HTMLInputElement>(null);
  const items = [
    { label: "Save session", hint: "Ctrl S", action: () => saveSession(studio) },
    { label: "Open …", hint: "Ctrl O", action: () => input.current?.click() },
    { label: "Copy link to this state", action: () => void copyLink(studio) },
    { label: "Begin anew", action: () => beginAnew(store), apart: true, disabled: !store.edited.value },
    { label: theme.dark.value ? "Light colours" : "Dark colours", action: () => theme.toggle(), apart: true },
    { label: "Show hints", action: () => (studio.hints.value = true) },
    { label: "Keys and gestures", hint: "?", action: () => (studio.help.value = true) },
  ];
  return (
    <>
      <Menu label="Session and settings" items={items}>
        <Icon name="menu" />
      </Menu>
      <input
        ref={input}
        type="file"
        class="hidden-text session-input"
        multiple
        aria-label="Session, recording or model"
        tabIndex={-1}
        onChange={(event) => opened(studio, event.currentTarget)}
      />
    </>
  );
}

/** Hands a session to the browser as a file. */
export function saveSession(studio: Studio): void {
  const { store, root } = studio;
  const address = URL.createObjectURL(new Blob([sessionText(store)], { type: "application/json" }));
  const link = root.ownerDocument.createElement("a");
  link.href = address;
  link.download = `${modelName(store)}.apical-session.json`;
  link.click();
  URL.revokeObjectURL(address);
  studio.say("The session was saved, with recordings and kept runs.");
}

function opened(studio: Studio, input: HTMLInputElement): void {
  const files = [...(input.files ?? [])];
  input.value = "";
  void takeFiles(studio, files);
}

async function copyLink(studio: Studio): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    studio.say("The link holds all that is set, but no recording.");
  } catch {
    studio.say("The browser did not allow it; the address bar holds the link.");
  }
}
