import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { GUTTER } from "../plot/axis";
import { useStudio } from "../studio";

interface Props {
  children: ComponentChildren;
  class?: string;
}

/** A plot over the shared time axis: it moves the crosshair, pins it by a click and zooms. */
export function TimePlot({ children, class: extra }: Props) {
  const { axis } = useStudio();
  const box = useRef<HTMLDivElement>(null);
  const time = (event: MouseEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    const t = axis.time(event.clientX - left, width);
    return t < axis.tmin.value || t > axis.tmax.value ? null : t;
  };
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey) return;
    event.preventDefault();
    const by = event.deltaY || event.deltaX;
    if (event.shiftKey) axis.pan(Math.sign(by) * 0.1);
    else axis.zoomBy(by > 0 ? 1.25 : 0.8, time(event) ?? undefined);
  };
  return (
    <div
      class={`timed ${extra ?? ""}`}
      ref={box}
      onPointerMove={(event) => (axis.cross.value = time(event))}
      onPointerLeave={() => (axis.cross.value = null)}
      onClick={(event) => (axis.pin.value = time(event))}
      onWheel={wheel}
    >
      {children}
      <Crosshair />
    </div>
  );
}

/** The line at the time under the pointer, in every plot at once. */
function Crosshair() {
  const { axis } = useStudio();
  const now = axis.now.value;
  if (now === null || now < axis.tmin.value || now > axis.tmax.value) return null;
  const share = (now - axis.tmin.value) / (axis.tmax.value - axis.tmin.value);
  const left = `calc(${GUTTER.left}px + (100% - ${GUTTER.left + GUTTER.right}px) * ${share})`;
  return <div class={`crosshair ${axis.cross.value === null ? "pinned" : ""}`} style={{ left }} />;
}
