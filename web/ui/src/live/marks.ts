/** How far apart the marks of a calibration are, as it was written last in this examination: the panel is closed and opened while a probe is calibrated. */

/** A usual distance, mm. */
const USUAL_MM = "60";
const KEY = "peony.marks";

export function rememberedMarks(exam: string): string {
  try {
    return marksIn(sessionStorage.getItem(KEY), exam) ?? USUAL_MM;
  } catch {
    return USUAL_MM;
  }
}

export function rememberMarks(exam: string, written: string): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ exam, written }));
  } catch {
    // Private windows may refuse; the panel says what it takes.
  }
}

/** What was written of this examination; what cannot be read was not written. */
export function marksIn(text: string | null, exam: string): string | null {
  try {
    const kept = JSON.parse(text ?? "null") as { exam?: unknown; written?: unknown } | null;
    return kept?.exam === exam && typeof kept.written === "string" ? kept.written : null;
  } catch {
    return null;
  }
}
