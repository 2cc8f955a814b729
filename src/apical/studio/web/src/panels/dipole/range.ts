// A vertical axis that grows at once and shrinks only when the hand is off: else no eye can judge
// an amplitude while a slider moves.

/** Room above and below the lines, as a share of their span. */
const MARGIN = 0.08;
/** Less than this (nAm) is no wave. */
const LEAST = 1e-3;

export interface Span {
  low: number;
  high: number;
}

/** The next range of the axis, given the present one and what is to be seen. */
export function sticky(present: Span | null, seen: Span, mayShrink: boolean): Span {
  const room = Math.max(seen.high - seen.low, LEAST) * MARGIN;
  const wanted = { low: Math.min(seen.low, 0) - room, high: Math.max(seen.high, 0) + room };
  if (!present) return wanted;
  if (mayShrink && wanted.high - wanted.low < 0.75 * (present.high - present.low)) return wanted;
  return {
    low: seen.low < present.low ? wanted.low : present.low,
    high: seen.high > present.high ? wanted.high : present.high,
  };
}
