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
  const clean = text.trim().replace("−", "-").replace(",", ".").replace(/^[×x]\s*/, "");
  const value = Number(clean);
  return clean !== "" && Number.isFinite(value) ? value : null;
}

/** 331 ms, 2.4 s */
export function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
