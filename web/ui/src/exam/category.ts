/** Categories by key, and which of two asks for more. */
import type { BiRads } from "./api";

/** The categories that the form offers; a 4 without a letter is printed where it comes and not offered. */
export const CATEGORIES = ["0", "1", "2", "3", "4A", "4B", "4C", "5", "6"] as const satisfies readonly BiRads[];

const isSuspicious = (category: BiRads): boolean => /^[45]/.test(category);
const FOURS: readonly BiRads[] = ["4A", "4B", "4C"];

/** The category that a digit gives; `4` again steps through 4A, 4B and 4C. */
export function categoryByDigit(digit: string, present: BiRads | null): BiRads | null {
  if (digit === "4") {
    const at = present === null ? -1 : FOURS.indexOf(present);
    return FOURS[(at + 1) % FOURS.length] ?? null;
  }
  return CATEGORIES.find((category) => category === digit) ?? null;
}

/** Whether a person says less than the machine, where that said 4 or 5: that wants a reason. */
export function isDowngrade(proposed: BiRads | null, said: BiRads | null): boolean {
  if (proposed === null || said === null || !isSuspicious(proposed) || said === proposed) {
    return false;
  }
  // An undivided 4 is below none of 4A to 4C.
  return !isSuspicious(said) || (said === "4" ? proposed === "5" : said < proposed);
}
