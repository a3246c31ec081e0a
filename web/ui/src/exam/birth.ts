/** Which birth dates can be, as the program takes them. */
import type { WordKey } from "../words/words";

/** Nobody is older, years. */
const OLDEST = 130;

/** Why a birth date (`YYYY-MM-DD`, or empty) cannot be; `null` where it can. */
export function birthFault(birthDate: string, now: Date): WordKey | null {
  const { min, max } = birthBounds(now);
  // Dates of this form stand in the order of their letters.
  return birthDate === "" ? null : birthDate > max ? "birth_ahead" : birthDate < min ? "birth_long_ago" : null;
}

/** The first and the last day that can be one, for the calendar that a browser opens. */
export function birthBounds(now: Date): { readonly min: string; readonly max: string } {
  const written = (year: number): string =>
    [String(year).padStart(4, "0"), two(now.getMonth() + 1), two(now.getDate())].join("-");
  return { min: written(now.getFullYear() - OLDEST), max: written(now.getFullYear()) };
}

const two = (value: number): string => String(value).padStart(2, "0");
