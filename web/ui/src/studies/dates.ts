/** Dates and times of DICOM (PS3.5 §6.2: DA, TM), and the ranges that a list is asked for. */

/** A day of the calendar, `2026-11-26`; it has no zone. */
export type Day = string;

/** `20261126`, or `2026.11.26` as it was written before 1993; `null` for what is no day. */
export function dayOf(text: string | null): Day | null {
  const [, year, month, day] = text?.match(/^(\d{4})\.?(\d{2})\.?(\d{2})$/) ?? [];
  if (!year || !month || !day) {
    return null;
  }
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const same = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
  return same ? `${year}-${month}-${day}` : null;
}

/** `101530.25` as `10:15`; `null` for what is no time, and for an hour alone. */
export function timeOf(text: string | null): string | null {
  const [, hour, minute] = text?.match(/^(\d{2}):?(\d{2})/) ?? [];
  return hour && minute && Number(hour) < 24 && Number(minute) < 60 ? `${hour}:${minute}` : null;
}

/** Noon of a day here, in ms: far enough from midnight for any zone and any change of the clock. */
export function noonOf(day: Day): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 12).getTime();
}

/** The day that it is here at a time. */
export function dayAt(ms: number): Day {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** So many days before a day. */
export function daysBefore(day: Day, days: number): Day {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return dayAt(new Date(year, month - 1, date - days, 12).getTime());
}

export const PERIODS = ["any", "today", "week", "quarter", "own"] as const;
/** Which days are looked at: `own` are those that a person writes. */
export type Period = (typeof PERIODS)[number];

const DAYS_BACK: Readonly<Partial<Record<Period, number>>> = { today: 0, week: 6, quarter: 89 };

/** The value of Study Date that asks for a period (PS3.4 §C.2.2.2.5), `null` where every day will do. */
export function dateRange(period: Period, from: string, to: string, today: Day): string | null {
  const plain = (day: string): string => day.replaceAll("-", "");
  const back = DAYS_BACK[period];
  if (back !== undefined) {
    return `${plain(daysBefore(today, back))}-${plain(today)}`;
  }
  if (period !== "own" || (from === "" && to === "")) {
    return null;
  }
  // Written the wrong way round, it is the same days that are meant.
  const [first, last] = from !== "" && to !== "" && from > to ? [to, from] : [from, to];
  return `${plain(first)}-${plain(last)}`;
}
