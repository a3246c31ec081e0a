/** The order of the list, and what is found in it. */
import type { ExamSummary } from "../exam/api";

/** Open ones first, those that scan before the others; then the newest. */
export function inOrder(exams: readonly ExamSummary[]): readonly ExamSummary[] {
  const rank = ({ status, live }: ExamSummary): number => (status !== "open" ? 2 : live ? 0 : 1);
  return exams.toSorted((a, b) => rank(a) - rank(b) || b.began_ms - a.began_ms);
}

/** Those whose name, identifier or number holds every word that was written. */
export function found(exams: readonly ExamSummary[], search: string): readonly ExamSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return exams.filter(({ patient, number, id }) => {
    const text = [patient.name, patient.id, number, id].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
