/** How this tab stood to an examination: where the program was killed or the page loaded anew, it comes back to that. */

/** It gave the commands, or another one did. */
export type Stood = "commanding" | "watching";

const KEPT = "peony.stood";

/** `null` where it comes to this examination anew. */
export function stoodHere(exam: string | null): Stood | null {
  try {
    const [of, stood] = sessionStorage.getItem(KEPT)?.split(" ") ?? [];
    return of === exam && (stood === "commanding" || stood === "watching") ? stood : null;
  } catch {
    return null;
  }
}

export function keepStood(exam: string, stood: Stood): void {
  try {
    sessionStorage.setItem(KEPT, `${exam} ${stood}`);
  } catch {
    // Private windows may refuse; then it comes anew.
  }
}
