import { useRef, useState } from "preact/hooks";
import { fixed } from "../../model/format";
import { GUTTER } from "../../plot/axis";
import { useStudio } from "../../studio";
import { Icon } from "../../ui/Icon";

/** Less than this (px) is a click. */
const START = 5;

interface Range {
  from: number;
  to: number;
}

/** The window of comparison, brushed over the lines; its edges can be taken again. */
export function Window() {
  const { store, axis } = useStudio();
  const [brush, setBrush] = useState<Range | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const dragged = useRef(false);
  const { tmin, tmax } = store.view.value;
  const set = tmin !== null || tmax !== null ? { from: tmin ?? 0, to: tmax ?? axis.end.value } : null;
  const window = brush ?? set;
  const timeAt = (event: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    const t = axis.time(event.clientX - left, width);
    return Math.round(Math.min(Math.max(t, axis.tmin.value), axis.tmax.value) * 10) / 10;
  };
  const take = ({ from, to }: Range) => {
    const name = `Window ${fixed(from, 1)}–${fixed(to, 1)} ms`;
    store.editView(name, (view) => ({ ...view, tmin: from, tmax: to }));
  };
  const press = (anchor: number | null) => (event: PointerEvent) => {
    if (event.button !== 0 || event.altKey) return;
    const target = event.currentTarget as HTMLElement;
    const [startX, start] = [event.clientX, anchor ?? timeAt(event)];
    let range: Range | null = null;
    dragged.current = false;
    target.setPointerCapture(event.pointerId);
    const move = (e: PointerEvent) => {
      if (!range && Math.abs(e.clientX - startX) < START) return;
      const end = timeAt(e);
      range = { from: Math.min(start, end), to: Math.max(start, end) };
      dragged.current = true;
      setBrush(range);
    };
    const stop = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", stop);
      target.removeEventListener("pointercancel", stop);
      setBrush(null);
      if (range && range.to > range.from) take(range);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", stop);
    target.addEventListener("pointercancel", stop);
  };
  return (
    <div
      class="brush"
      ref={box}
      onPointerDown={press(null)}
      onClick={(event) => dragged.current && event.stopPropagation()}
    >
      {window && <Shades {...window} />}
      {set && !brush && (
        <>
          <Handle label="Window begins" at={set.from} press={press(set.to)} move={(d) => take({ ...set, from: set.from + d })} />
          <Handle label="Window ends" at={set.to} press={press(set.from)} move={(d) => take({ ...set, to: set.to + d })} />
          <Mark {...set} clear={() => store.editView("Window: all", (v) => ({ ...v, tmin: null, tmax: null }))} />
        </>
      )}
    </div>
  );
}

/** Where a time is, as a length for the style sheet. */
function place(axis: { tmin: { value: number }; tmax: { value: number } }, time: number): string {
  const share = (time - axis.tmin.value) / (axis.tmax.value - axis.tmin.value);
  const clipped = Math.min(Math.max(share, 0), 1);
  return `calc(${GUTTER.left}px + (100% - ${GUTTER.left + GUTTER.right}px) * ${clipped})`;
}

function Shades({ from, to }: Range) {
  const { axis } = useStudio();
  return (
    <>
      <div class="shade" style={{ left: `${GUTTER.left}px`, right: `calc(100% - ${place(axis, from)})` }} />
      <div class="shade" style={{ left: place(axis, to), right: `${GUTTER.right}px` }} />
    </>
  );
}

interface HandleProps {
  label: string;
  at: number;
  press: (event: PointerEvent) => void;
  move: (by: number) => void;
}

function Handle({ label, at, press, move }: HandleProps) {
  const { axis } = useStudio();
  const key = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(by * (event.shiftKey ? 0.1 : 1));
  };
  return (
    <div
      class="window-edge"
      style={{ left: place(axis, at) }}
      role="slider"
      tabIndex={0}
      aria-label={`${label}, ms`}
      aria-valuemin={0}
      aria-valuemax={axis.end.value}
      aria-valuenow={at}
      title={`${label} at ${fixed(at, 1)} ms`}
      onPointerDown={(event) => {
        event.stopPropagation();
        press(event);
      }}
      onKeyDown={key}
    />
  );
}

function Mark({ from, to, clear }: Range & { clear: () => void }) {
  const { axis } = useStudio();
  return (
    <div class="window-mark" style={{ left: place(axis, from) }}>
      {fixed(from, 1)}–{fixed(to, 1)} ms
      <button
        type="button"
        title="Compare wherever both are"
        aria-label="Remove the window"
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          clear();
        }}
      >
        <Icon name="close" size={11} />
      </button>
    </div>
  );
}
