/** What the page is doing, in one word. */
import type { LiveUpdate } from "../api/wire";

/** `waiting`: connected, but no picture comes. `lost`: the program does not answer. */
export type Phase = "connecting" | "scanning" | "paused" | "frozen" | "waiting" | "lost";

export interface Signs {
  readonly connected: boolean;
  /** The program has answered before. */
  readonly greetedOnce: boolean;
  readonly update: LiveUpdate | null;
  /** Since the last picture was drawn, ms. */
  readonly age: number;
}

/** After this long without a picture the last one is called old. */
export const OLD_AFTER_MS = 1000;

export function phaseOf({ connected, greetedOnce, update, age }: Signs): Phase {
  if (!connected) {
    return greetedOnce ? "lost" : "connecting";
  }
  if (!update) {
    return "connecting";
  }
  if (update.state.paused) {
    return "paused";
  }
  const holds = (code: string): boolean => update.quality.some((issue) => issue.code === code);
  if (age > OLD_AFTER_MS || holds("source_lost")) {
    return "waiting";
  }
  return holds("frozen") ? "frozen" : "scanning";
}
