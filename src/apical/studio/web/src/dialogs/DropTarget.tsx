import { useEffect, useState } from "preact/hooks";
import { takeFiles } from "../files/take";
import { useStudio } from "../studio";

/** Takes files that are dropped anywhere. */
export function DropTarget() {
  const studio = useStudio();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const { root } = studio;
    // entering a child leaves its parent: only the outermost counts
    let depth = 0;
    const brings = (event: DragEvent) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const enter = (event: DragEvent) => {
      if (brings(event)) setOver(++depth > 0);
    };
    const leave = (event: DragEvent) => {
      if (brings(event)) setOver(--depth > 0);
    };
    const stay = (event: DragEvent) => brings(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!brings(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      void takeFiles(studio, [...(event.dataTransfer?.files ?? [])]);
    };
    const on = { dragenter: enter, dragleave: leave, dragover: stay, drop } as const;
    for (const [name, call] of Object.entries(on)) root.addEventListener(name, call as EventListener);
    return () => {
      for (const [name, call] of Object.entries(on)) root.removeEventListener(name, call as EventListener);
    };
  }, []);
  if (!over) return null;
  return (
    <div class="drop" aria-hidden="true">
      <div class="drop-box">
        <strong>Drop it anywhere</strong>
        <span>recordings: .txt .csv .tsv .fif .stc</span>
        <span>models, results, sessions: .json .param .nc</span>
      </div>
    </div>
  );
}
