// Time that passes by itself, slowly enough to see spikes travel.

import { useEffect } from "preact/hooks";
import type { Studio } from "../../studio";

/** ms of the model for each ms of the clock. */
const SPEED = 1 / 20;

/** Moves the pinned time while the studio is playing; from the start again at the end. */
export function usePlay(studio: Studio): void {
  const playing = studio.playing.value;
  useEffect(() => {
    if (!playing) return undefined;
    const { axis } = studio;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(time) {
      const at = axis.pin.value ?? axis.tmin.value;
      const next = at + (time - before) * SPEED;
      before = time;
      axis.pin.value = next > axis.tmax.value ? axis.tmin.value : next;
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);
}
