/** What the page is doing, in one word. */
import type { LiveUpdate } from "../api/wire";

/**
 * `first`: connected, and no picture has come yet. `waiting`: connected, but none comes any more. `ended`: the phantom or the
 * recording has nothing more to show. `lost`: the program does not answer.
 */
export type Phase = "connecting" | "first" | "scanning" | "paused" | "frozen" | "waiting" | "ended" | "lost";

export interface Signs {
  readonly connected: boolean;
  /** The program has answered before. */
  readonly greetedOnce: boolean;
  readonly update: LiveUpdate | null;
  /** The program makes or plays the pictures itself: nothing outside can keep them back. */
  readonly plays: boolean;
  /** Since the last picture was drawn, ms. */
  readonly age: number;
}

/** After this long without a picture the last one is called old. */
export const OLD_AFTER_MS = 1000;
/** A program that plays pictures itself may be slow, but not for so long: they have come to their end. */
export const ENDED_AFTER_MS = 5000;

export function phaseOf({ connected, greetedOnce, update, plays, age }: Signs): Phase {
  if (!connected) {
    return greetedOnce ? "lost" : "connecting";
  }
  if (!update) {
    return "first";
  }
  if (update.state.paused) {
    return "paused";
  }
  const holds = (code: string): boolean => update.quality.some((issue) => issue.code === code);
  if (plays && age > ENDED_AFTER_MS) {
    return "ended";
  }
  if (age > OLD_AFTER_MS || holds("source_lost")) {
    return "waiting";
  }
  return holds("frozen") ? "frozen" : "scanning";
}
