// What a hand on the flag of an input moves, by kind of input.

/** Fields of an input that its flag stands for. */
export interface Handles {
  /** where the flag stands */
  arrival: string;
  /** what that is called */
  word: string;
  /** edges at both sides of the arrival */
  spread?: string;
  /** end of the window that begins with the arrival */
  until?: string;
  /** what up and down changes, if not a common factor on all weights */
  strength?: string;
}

export const HANDLES: Record<string, Handles> = {
  evoked: { arrival: "mu", word: "arrival", spread: "sigma" },
  bursty: { arrival: "start", word: "start", spread: "sigma", until: "stop" },
  poisson: { arrival: "start", word: "start", until: "stop" },
  spike_train: { arrival: "trains", word: "shift" },
  bias: { arrival: "start", word: "start", until: "stop", strength: "amplitude" },
};

/** When the first of several spike trains begins; 0 without a spike. */
export function firstOf(trains: number[][]): number {
  const first = Math.min(...trains.flat());
  return Number.isFinite(first) ? first : 0;
}
