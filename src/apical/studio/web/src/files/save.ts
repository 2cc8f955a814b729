// Files that the server makes, and texts of the page, go to the person's downloads.

import { json } from "../transport";
import { modelName } from "../store/models";
import type { Studio } from "../studio";

/** What can be taken away, and what it is. */
export const EXPORTS: { kind: string; label: string; hint: string }[] = [
  { kind: "figure.svg", label: "Figure", hint: "SVG" },
  { kind: "figure.pdf", label: "Figure", hint: "PDF" },
  { kind: "figure.png", label: "Figure", hint: "PNG" },
  { kind: "dipole.csv", label: "Dipole as shown", hint: "CSV" },
  { kind: "result.nc", label: "Result, whole", hint: "netCDF" },
  { kind: "model.json", label: "Model", hint: "JSON" },
  { kind: "script.py", label: "Python script", hint: ".py" },
];

/** The server's status for what was cancelled, or gave way to something newer. */
const GIVEN_UP = 409;

/** Asks for a file of what is on the screen, and saves it. */
export async function exportAs(studio: Studio, kind: string): Promise<void> {
  studio.making.value = [...studio.making.value.filter((k) => k !== kind), kind];
  const answer = await studio.transport.request("POST", `export/${kind}`, {}, asked(studio)).finally(() => {
    studio.making.value = studio.making.value.filter((k) => k !== kind);
  });
  if (answer.status === GIVEN_UP) {
    studio.say(`${kind} was not made`);
    return;
  }
  if (answer.status !== 200) {
    const problems = (json(answer).problems ?? []) as { path: string; message: string }[];
    const text = problems.map((p) => `${p.path} ${p.message}`).join("\n");
    studio.dialog.value = { name: "problem", argument: { title: `${kind} could not be made`, text } };
    return;
  }
  saveAs(studio, answer.name || kind, new Blob([answer.body], { type: answer.media }));
  studio.say(`${answer.name} saved`);
}

/** Gives up what is being computed for files. */
export function stopExports(studio: Studio): void {
  studio.transport.send({ type: "stop_export" });
}

/** The script of what is on the screen. */
export async function codeOf(studio: Studio): Promise<string> {
  const answer = await studio.transport.request("POST", "code", {}, asked(studio));
  const found = json(answer);
  return answer.status === 200 ? String(found.text) : "";
}

function asked({ store }: Studio): string {
  const name = modelName(store);
  // never the name of the file that the model came from, which a script opens
  const own = name === store.setup.value.model ? name : `${name}-studio`;
  return JSON.stringify({ setup: store.setup.value, view: store.view.value, name: own });
}

/** Lets the browser save something. */
export function saveAs(studio: Studio, name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  studio.root.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
