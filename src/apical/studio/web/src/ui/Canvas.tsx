import { useEffect, useMemo, useRef } from "preact/hooks";
import { usePaint, useStudio } from "../studio";
import { signal } from "@preact/signals";

export interface Area {
  ctx: CanvasRenderingContext2D;
  /** in CSS px */
  width: number;
  height: number;
}

interface Props {
  /** reads every signal that the drawing depends on (theme and size are watched anyway) */
  watch: () => void;
  /** draws the whole canvas, which is clear; reads signals freely */
  draw: (area: Area) => void;
  /** what a person who cannot see it is told */
  label: string;
  class?: string;
  onPointerDown?: (event: PointerEvent) => void;
  onPointerMove?: (event: PointerEvent) => void;
  onPointerLeave?: (event: PointerEvent) => void;
  onClick?: (event: MouseEvent) => void;
}

/** A canvas that fills its box, sharp on every screen, drawn when what it watches changes. */
export function Canvas({ watch, draw, label, class: name, ...events }: Props) {
  const { theme } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useMemo(() => signal({ width: 0, height: 0 }), []);
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    const box = canvas.current!;
    const observer = new ResizeObserver(() => {
      size.value = { width: box.clientWidth, height: box.clientHeight };
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  usePaint(
    () => {
      watch();
      theme.colours.value;
      size.value;
    },
    () => {
      const { width, height } = size.value;
      if (!canvas.current || !width || !height) return;
      latest.current({ ctx: prepared(canvas.current, width, height), width, height });
    },
  );
  return <canvas ref={canvas} class={`canvas ${name ?? ""}`} role="img" aria-label={label} {...events} />;
}

function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const dpr = Math.min(devicePixelRatio || 1, 2);
  const ctx = canvas.getContext("2d")!;
  const [w, h] = [Math.round(width * dpr), Math.round(height * dpr)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}
