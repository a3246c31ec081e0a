/** Places, sizes, dates and people as the pages write them. */
import { millimetres, NONE, roundHalfAway, withError } from "../words/numbers";
import type { WordKey, Words } from "../words/words";
import type { Patient, Place, Side, Size, ThirdAxis } from "./api";

const NARROW = "\u202f";
const HALF_CM_MM = 5;

export const sideWord = (side: Side, { say }: Words): string => say(side === "left" ? "side_left" : "side_right");

/** `4 cm`, to half a centimetre. */
export function centimetres(mm: number): string {
  return `${roundHalfAway(mm / HALF_CM_MM) / 2}${NARROW}cm`;
}

/** `Left 10:30, 4 cm`, as far as it is known. */
export function placeText(place: Place | null, words: Words): string | null {
  if (!place) {
    return null;
  }
  const clock = [sideWord(place.side, words), place.clock].filter(Boolean).join(" ");
  return place.from_nipple_mm === null
    ? clock
    : words.say("place_and_distance", { place: clock, distance: centimetres(place.from_nipple_mm) });
}

/** `Left 10:30`: side and clock alone. */
export function shortPlace(place: Place | null, words: Words): string {
  return placeText(place && { ...place, from_nipple_mm: null }, words) ?? words.say("place_unknown");
}

/** The third axis with its error, `10 ± 2`, without the unit; both are rounded as the extent is. */
export function thirdText({ extent, error }: ThirdAxis): string {
  return error === null ? millimetres(extent) : withError(extent, error);
}

/** `10 × 9 × ≈10 ± 2 mm sim`: what is simulated says so, and is never without its error. */
export function sizeLine(size: Size | null, words: Words): string | null {
  if (!size) {
    return null;
  }
  const unit = size.unit === "mm" ? "mm" : "px";
  const figure = (value: number): string => (unit === "mm" ? millimetres(value) : String(roundHalfAway(value)));
  const axes = [
    figure(size.long),
    figure(size.short),
    ...(size.third ? [`${size.third.simulated ? "≈" : ""}${thirdText(size.third)}`] : []),
  ];
  const mark = size.third?.simulated ? ` ${words.say("sim")}` : "";
  return `${axes.join(" × ")}${NARROW}${unit}${mark}`;
}

const LOCALE = { en: "en-GB", zh: "zh-CN" } as const;

export function dateText(ms: number, { language }: Words): string {
  return new Intl.DateTimeFormat(LOCALE[language], {
    day: "numeric",
    month: language === "zh" ? "long" : "short",
    year: "numeric",
  }).format(ms);
}

export function timeText(ms: number, { language }: Words): string {
  return new Intl.DateTimeFormat(LOCALE[language], { hour: "2-digit", minute: "2-digit", hour12: false }).format(ms);
}

/** For how long an examination has gone on, ms: a sweep begins anew with each start of the program, the examination does not. */
export const timeOfExam = (sweepMs: number, beganMs: number | null, now: number): number =>
  // A browser's clock may be behind the program's.
  Math.max(sweepMs, beganMs === null ? 0 : now - beganMs);

/** The time of today, and the day as well where it was another one. */
export function momentText(ms: number, now: number, words: Words): string {
  const time = timeText(ms, words);
  return daysAgo(ms, now) === 0 ? time : `${dayText(ms, now, words)} ${time}`;
}

/** Today and yesterday by their names. */
export function dayText(ms: number, now: number, words: Words): string {
  const ago = daysAgo(ms, now);
  return ago === 0 ? words.say("today") : ago === 1 ? words.say("yesterday") : dateText(ms, words);
}

/** In days of the reader's calendar. */
function daysAgo(ms: number, now: number): number {
  const day = (time: number): number => Math.floor((time - new Date(time).getTimezoneOffset() * 60_000) / 86_400_000);
  return day(now) - day(ms);
}

/** Whole years at a time; `null` where the birth date is not known. */
export function ageAt(birthDate: string, ms: number): number | null {
  const [year, month, day] = birthDate.split("-").map(Number);
  if (!year || !month || !day) {
    return null;
  }
  const then = new Date(ms);
  const before = then.getMonth() + 1 < month || (then.getMonth() + 1 === month && then.getDate() < day);
  const years = then.getFullYear() - year - (before ? 1 : 0);
  return years >= 0 && years < 130 ? years : null;
}

/** `F 47`, as far as it is known. */
export function sexAndAge(patient: Patient, ms: number, { say }: Words): string {
  const sex = patient.sex === "F" || patient.sex === "M" || patient.sex === "O" ? say(`sex_short_${patient.sex}`) : "";
  const age = ageAt(patient.birth_date, ms);
  return [sex, age === null ? "" : say("years", { age })].filter(Boolean).join(" ");
}

export const patientName = (patient: Patient, { say }: Words): string => patient.name || patient.id || say("no_name");

/** The beginning and the end of a hash: `7f3a…c1`. */
export const shortHash = (sha256: string): string =>
  sha256.length > 8 ? `${sha256.slice(0, 4)}…${sha256.slice(-2)}` : sha256 || NONE;

/** What the program writes where nobody has said a name. */
const NAMELESS: Readonly<Record<string, WordKey>> = { "live page": "by_live_page", "report page": "by_report_page" };

/** Whether somebody has said a name. */
export const isNamed = (by: string): boolean => !(by in NAMELESS);

/** Who did something: a name as it was said, or the page on which it was done. */
export function whoText(by: string, { say }: Words): string {
  const known = NAMELESS[by];
  return known ? say(known) : by;
}
