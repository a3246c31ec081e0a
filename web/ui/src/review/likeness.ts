/** Which other lesion one is most likely the same as: seen twice, it lies at the same place and is about as deep and as large. */
import type { LesionReport, Place } from "../exam/api";
import { placeOf, sizeOf, valueIn } from "../exam/field";

/** So much of each counts as much as the other side of the clock: less is nearer. */
const DEPTH_MM = 20;
const HALF_TURN_MIN = 360;
const FROM_NIPPLE_MM = 40;
/** What is unknown speaks neither for nor against. */
const UNKNOWN = 0.5;
/** Another breast is another lesion, as far as anybody has said. */
const OTHER_SIDE = 10;

const minutes = (clock: string): number => {
  const [hours = 0, rest = 0] = clock.split(":").map(Number);
  return (hours % 12) * 60 + rest;
};

function apart(a: Place | null, b: Place | null): number {
  if (!a || !b) {
    return 2 * UNKNOWN;
  }
  const side = a.side === b.side ? 0 : OTHER_SIDE;
  const between = a.clock && b.clock ? Math.abs(minutes(a.clock) - minutes(b.clock)) : null;
  const clock = between === null ? UNKNOWN : Math.min(between, 720 - between) / HALF_TURN_MIN;
  return side + clock + share(a.from_nipple_mm ?? null, b.from_nipple_mm ?? null, FROM_NIPPLE_MM);
}

const share = (a: number | null, b: number | null, whole: number): number =>
  a === null || b === null ? UNKNOWN : Math.min(Math.abs(a - b) / whole, 1);

/** How unlike two lesions are; 0 is alike in everything that is known. */
export function unlikeness(a: LesionReport, b: LesionReport): number {
  const [one, other] = [sizeOf(a), sizeOf(b)];
  const size =
    one && other && one.unit === other.unit ? Math.min(Math.abs(Math.log(one.long / other.long)), 1) : UNKNOWN;
  return apart(placeOf(a), placeOf(b)) + share(valueIn(a.depth_mm), valueIn(b.depth_mm), DEPTH_MM) + size;
}

/** The likeliest first. */
export const byLikeness = (lesion: LesionReport, others: readonly LesionReport[]): readonly LesionReport[] =>
  others.toSorted((a, b) => unlikeness(lesion, a) - unlikeness(lesion, b));
