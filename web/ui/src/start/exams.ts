/** The order of the list, what is found in it, and where each examination stands. */
import type { ExamSummary } from "../exam/api";

/** An examination to which nothing has come for so long is not being scanned, ms. */
export const QUIET_AFTER_MS = 120_000;

/** `live`: frames come. `quiet`: its source is open, and nothing comes. `open`: its source is closed and its report a draft. */
export type Standing = "live" | "quiet" | "open" | "signed" | "altered" | "unreadable";

export function standingAt({ status, live, last_frame_ms }: ExamSummary, now: number): Standing {
  if (status !== "open") {
    return status;
  }
  if (!live) {
    return "open";
  }
  return last_frame_ms !== null && now - last_frame_ms < QUIET_AFTER_MS ? "live" : "quiet";
}

const RANKS: Readonly<Record<Standing, number>> = { live: 0, quiet: 1, open: 1, signed: 2, altered: 2, unreadable: 2 };

/** Open ones first, those that scan before the others; then the newest. */
export function inOrder(exams: readonly ExamSummary[], now: number): readonly ExamSummary[] {
  const rank = (exam: ExamSummary): number => RANKS[standingAt(exam, now)];
  return exams.toSorted((a, b) => rank(a) - rank(b) || b.began_ms - a.began_ms);
}

/** So much of an examination's own identifier is looked for, from its beginning: short words are in most of them. */
const ID_LETTERS = 8;

/** Those whose name, identifier or number holds every word that was written. */
export function found(exams: readonly ExamSummary[], search: string): readonly ExamSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return exams.filter(({ patient, number, id }) => {
    const text = [patient.name, patient.id, number].join(" ").toLowerCase();
    return words.every((word) => text.includes(word) || (word.length >= ID_LETTERS && id.startsWith(word)));
  });
}
