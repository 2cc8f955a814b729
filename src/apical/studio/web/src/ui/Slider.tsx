import { useRef } from "preact/hooks";
import { fixed, short } from "../model/format";
import { useStudio } from "../studio";
import { Button } from "./Button";
import { NumberField } from "./NumberField";
import { type Knob, type Range, clamp, dragKnob, position, stepped } from "./knob";

export interface SliderProps extends Range {
  label: string;
  unit?: string;
  /** one sentence on what it is */
  meaning: string;
  value: number;
  /** what a double click goes back to */
  normal: number;
  /** before the number, such as × */
  prefix?: string;
  /** digits after the point; without it, about four significant digits */
  decimals?: number;
  tone?: "proximal" | "distal" | "other" | "l2" | "l5" | "accent";
  /** address, so that the wave can hint at what it does */
  path?: string;
  /** whether a fit may vary it, and between what */
  fit?: { chosen: boolean; low: number; high: number; toggle: () => void };
  minimum?: number | null;
  maximum?: number | null;
  open?: boolean;
  disabled?: boolean;
  onChange: (value: number) => void;
  /** dragged with Alt: runs over a range */
  onSweep?: (low: number, high: number) => void;
}

/** A range and a number for one value. */
export function Slider(props: SliderProps) {
  const { label, unit, meaning, value, normal, prefix, decimals, tone = "accent", path, fit, disabled } = props;
  const { store } = useStudio();
  const latest = useRef(props);
  latest.current = props;
  const text = decimals === undefined ? short(value) : fixed(value, decimals);
  const said = [prefix, text, unit].filter(Boolean).join(" ");
  const knob: Knob = {
    range: () => latest.current,
    value: () => latest.current.value,
    change: (next) => latest.current.onChange(next),
    end: () => store.endGesture(),
    soon: () => store.endSoon(),
    sweep: (low, high) => latest.current.onSweep?.(low, high),
  };
  const reset = () => {
    store.endGesture();
    latest.current.onChange(normal);
    store.endGesture();
  };
  return (
    <div
      class={`slider tone-${tone} ${value === normal ? "" : "changed"}`}
      onPointerEnter={() => path && (store.hovered.value = path)}
      onPointerLeave={() => (store.hovered.value = null)}
    >
      <span class="slider-label" title={meaning}>{label}</span>
      <span class="slider-track">
        <Track {...props} />
        <input
          type="range"
          min={position(props, props.low)}
          max={position(props, props.high)}
          step="any"
          value={position(props, clamp(props, value))}
          disabled={disabled}
          aria-label={label}
          aria-valuetext={said}
          aria-description={meaning}
          title={`${meaning} Double click: ${short(normal)}. Shift: fine.`}
          onInput={(e) => knob.change(stepped(props, Number(e.currentTarget.value)))}
          onDblClick={reset}
          onPointerDown={(e) => dragKnob(e, knob)}
          onKeyDown={(e) => keys(e, props, reset, knob)}
          onBlur={knob.end}
          onWheel={(e) => wheel(e, props, knob)}
        />
      </span>
      <NumberField
        label={label} value={value} text={text} unit={unit} prefix={prefix} meaning={meaning}
        step={stepOf(props)} minimum={props.minimum} maximum={props.maximum} open={props.open}
        integer={props.integer} disabled={disabled}
        onChange={(next) => knob.change(next)} onEnd={knob.end}
      />
      {fit && (
        <Button
          class="fit-lock"
          kind="ghost"
          icon={fit.chosen ? "unlock" : "lock"}
          pressed={fit.chosen}
          label={`${label}: ${fit.chosen ? "hold it fixed in fits" : "let fits vary it"}`}
          onClick={fit.toggle}
        />
      )}
    </div>
  );
}

/** The line under the thumb: what is filled, what a fit may reach, where the default is. */
function Track(props: SliderProps) {
  const share = (value: number) => {
    const [low, high] = [position(props, props.low), position(props, props.high)];
    return `${(100 * (position(props, clamp(props, value)) - low)) / (high - low)}%`;
  };
  const span = (low: number, high: number) => ({ left: share(low), right: `calc(100% - ${share(high)})` });
  return (
    <span class="track" aria-hidden="true">
      <span class="track-inner">
        {props.fit?.chosen && <span class="track-fit" style={span(props.fit.low, props.fit.high)} />}
        <span class="track-fill" style={{ width: share(props.value) }} />
        <span class="track-normal" style={{ left: share(props.normal) }} />
      </span>
    </span>
  );
}

function stepOf(props: SliderProps): number {
  if (props.step) return props.step;
  return props.scale === "log" ? 0.05 * Math.abs(props.value || props.low) : (props.high - props.low) / 100;
}

function keys(event: KeyboardEvent, props: SliderProps, reset: () => void, knob: Knob): void {
  const size = stepOf(props) * (event.shiftKey ? 0.1 : 1);
  const moves: Record<string, number> = {
    ArrowRight: size, ArrowUp: size, ArrowLeft: -size, ArrowDown: -size, PageUp: 10 * size, PageDown: -10 * size,
  }; // prettier-ignore
  if (event.key in moves) {
    const next = props.value + moves[event.key];
    knob.change(clamp(props, props.integer ? Math.round(next) : Number(next.toPrecision(9))));
  } else if (event.key === "Home") knob.change(props.low);
  else if (event.key === "End") knob.change(props.high);
  else if (event.key === "Delete" || event.key === "Backspace") reset();
  else return;
  knob.soon();
  event.preventDefault();
}

/** Scrolling turns only a slider that has the focus, so that the page still scrolls. */
function wheel(event: WheelEvent, props: SliderProps, knob: Knob): void {
  const input = event.currentTarget as HTMLElement;
  if ((input.getRootNode() as Document | ShadowRoot).activeElement !== input) return;
  event.preventDefault();
  const by = -Math.sign(event.deltaY) * stepOf(props) * (event.shiftKey ? 0.1 : 1);
  knob.change(clamp(props, Number((props.value + by).toPrecision(9))));
  knob.soon();
}
