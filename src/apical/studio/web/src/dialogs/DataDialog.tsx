import { useState } from "preact/hooks";
import { complain, type Guess, type Question, takeData } from "../files/take";
import { useStudio } from "../studio";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { NumberField } from "../ui/NumberField";

const TIMES: [Guess["time_unit"] & string, string][] = [["ms", "ms"], ["s", "s"], ["us", "µs"]];
const MOMENTS: [Guess["value_unit"] & string, string][] = [
  ["nAm", "nAm"], ["Am", "A·m"], ["uAm", "µAm"], ["pAm", "pAm"], ["fAm", "fAm"],
]; // prettier-ignore

/** Asks what a recording did not say: columns, units, when it begins. */
export function DataDialog({ question }: { question: Question }) {
  const studio = useStudio();
  const [how, setHow] = useState<Guess>(question.guess);
  const close = () => (studio.dialog.value = null);
  const put = (change: Partial<Guess>) => setHow({ ...how, ...change });
  const take = () => {
    close();
    const said = { time_unit: "ms" as const, value_unit: "nAm" as const, ...without(how) };
    takeData(studio, question.file, said).catch((error) => complain(studio, question.file.name, error));
  };
  const single = question.columns.length === 1;
  return (
    <Dialog
      title={question.file.name}
      onClose={close}
      wide
      actions={
        <>
          <Button label="Leave it" onClick={close}>Cancel</Button>
          <Button label="Use this recording" kind="primary" onClick={take}>Use it</Button>
        </>
      }
    >
      <p>Not clear: {question.reason}</p>
      <Preview question={question} column={single ? 1 : (how.column ?? 2)} />
      <div class="fields">
        {!single && (
          <Choice
            label="Dipole in"
            value={String(how.column ?? 2)}
            options={question.columns.slice(1).map((name, i) => [String(i + 2), name])}
            onChange={(value) => put({ column: Number(value) })}
          />
        )}
        {!single && <Choice label="Times are in" value={how.time_unit ?? "ms"} options={TIMES} onChange={(v) => put({ time_unit: v as Guess["time_unit"] })} />}
        <Choice label="Moments are in" value={how.value_unit ?? "nAm"} options={MOMENTS} onChange={(v) => put({ value_unit: v as Guess["value_unit"] })} />
        {single && <Number_ label="Samples a second" unit="Hz" value={how.rate ?? 1000} minimum={0} onChange={(rate) => put({ rate })} />}
        <Number_ label="First sample at" unit="ms" value={how.start} onChange={(start) => put({ start })} />
      </div>
    </Dialog>
  );
}

function without(how: Guess): Partial<Guess> {
  return Object.fromEntries(Object.entries(how).filter(([, value]) => value !== null));
}

function Preview({ question, column }: { question: Question; column: number }) {
  return (
    <div class="preview-scroll">
      <table class="preview">
        <thead>
          <tr>
            {question.columns.map((name, i) => (
              <th key={i} class={i + 1 === column ? "chosen" : ""}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {question.rows.map((row, k) => (
            <tr key={k}>
              {row.map((text, i) => (
                <td key={i} class={i + 1 === column ? "chosen" : ""}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select class="select" value={value} onChange={(e) => onChange(e.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>{text}</option>
        ))}
      </select>
    </label>
  );
}

interface NumberProps {
  label: string;
  unit: string;
  value: number | null;
  minimum?: number;
  onChange: (value: number) => void;
}

function Number_({ label, unit, value, minimum, onChange }: NumberProps) {
  return (
    <div class="field">
      <span>{value === null ? `${label}, ${unit}` : label}</span>
      <NumberField
        label={label} unit={value === null ? "" : unit} value={value ?? 0} text={value === null ? "as in the file" : String(value)}
        step={1} minimum={minimum} open={minimum !== undefined} onChange={onChange} onEnd={() => {}}
      />
    </div>
  );
}
