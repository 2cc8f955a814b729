import { useEffect, useState } from "preact/hooks";
import { codeOf } from "../files/save";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";

/** The hand may pause so long (ms) before the code follows. */
const PAUSE = 120;

/** The script of what is on the screen; it follows the hand. */
export function CodeDrawer() {
  const { code } = useStudio();
  return code.value ? <Drawer /> : null;
}

function Drawer() {
  const studio = useStudio();
  const { store } = studio;
  const [text, setText] = useState("");
  const setup = store.setup.value;
  const view = store.view.value;
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(async () => {
      const found = await codeOf(studio);
      if (!stale && found) setText(found);
    }, PAUSE);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [setup, view]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    studio.say("The script is in the clipboard.");
  };
  return (
    <section class="code-drawer" aria-label="Python script of what is on the screen">
      <header class="panel-head">
        <h2>Python</h2>
        <span class="panel-note">gives what is on the screen, to the last bit</span>
        <div class="panel-tools">
          <Button label="Copy the script" icon="copy" kind="ghost" onClick={() => void copy()} />
          <Button label="Close" icon="close" kind="ghost" onClick={() => (studio.code.value = false)} />
        </div>
      </header>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
