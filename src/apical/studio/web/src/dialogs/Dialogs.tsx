import type { Question } from "../files/take";
import { useStudio } from "../studio";
import { Dialog } from "../ui/Dialog";
import { DataDialog } from "./DataDialog";
import { RunsTable } from "./RunsTable";
import { Values } from "./Values";

/** The dialog that is open, if one is: `studio.dialog` says which. */
export function Dialogs() {
  const studio = useStudio();
  const open = studio.dialog.value;
  switch (open?.name) {
    case "data":
      return <DataDialog question={open.argument as Question} />;
    case "problem":
      return <Problem {...(open.argument as ProblemProps)} />;
    case "values":
      return <Values />;
    case "runs":
      return <RunsTable />;
    default:
      return null;
  }
}

interface ProblemProps {
  title: string;
  text: string;
}

function Problem({ title, text }: ProblemProps) {
  const studio = useStudio();
  return (
    <Dialog title={title} onClose={() => (studio.dialog.value = null)}>
      <p class="problem-text">{text}</p>
    </Dialog>
  );
}
