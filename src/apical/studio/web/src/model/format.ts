// Numbers as people read them.

/** A number without the dust of binary fractions. */
export function tidy(value: number, digits = 6): number {
  return Number(value.toPrecision(digits));
}

/** Fixed decimals with a true minus sign. */
export function fixed(value: number, decimals: number): string {
  return value.toFixed(decimals).replace("-", "−");
}

/** About `digits` significant digits, short: 0.00025, 12.3, 1.2e-7. */
export function short(value: number, digits = 4): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-5 || size >= 1e6 ? value.toExponential(digits - 1) : String(tidy(value, digits));
  return text.replace(/\.?0+e/, "e").replace("-", "−").replace("e+", "e");
}

/** Reads a number that a person typed; null if it is none. */
export function parseNumber(text: string): number | null {
  const clean = text.trim().replaceAll("−", "-").replace(",", ".").replace(/^[×x]\s*/, "");
  const value = Number(clean);
  return clean !== "" && Number.isFinite(value) ? value : null;
}

/** 331 ms, 2.4 s, 43 min, 2 h 5 min */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
