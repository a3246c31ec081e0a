/** What this tab captured last, so that it goes on after the page was loaded again: whoever examines has no hand free. */
import type { Choice } from "./device";

/** A window or a screen is a person's choice each time: no browser lets a page have it again by itself. */
export type Captured = ({ readonly kind: "camera" } & Choice) | { readonly kind: "screen" };

export interface Memory {
  read(): Captured | null;
  /** `null`: a person has ended it. */
  write(captured: Captured | null): void;
}

const KEY = "peony.captured";

/** Of one examination: in another one nothing begins by itself. A tab's own, since another tab may capture too. */
export function memoryOf(exam: string): Memory {
  return {
    read() {
      try {
        return capturedIn(sessionStorage.getItem(KEY), exam);
      } catch {
        return null;
      }
    },
    write(captured) {
      try {
        sessionStorage.setItem(KEY, JSON.stringify({ exam, captured }));
      } catch {
        // Private windows may refuse; then a person chooses again.
      }
    },
  };
}

/** What was written of this examination; what cannot be read was not written. */
export function capturedIn(text: string | null, exam: string): Captured | null {
  try {
    const kept = JSON.parse(text ?? "null") as {
      exam?: unknown;
      captured?: Partial<Choice & { kind: unknown }>;
    } | null;
    if (kept?.exam !== exam || !kept.captured) {
      return null;
    }
    const { kind, deviceId, label } = kept.captured;
    if (kind === "screen") {
      return { kind };
    }
    return kind === "camera" && typeof deviceId === "string" && typeof label === "string"
      ? { kind, deviceId, label }
      : null;
  } catch {
    return null;
  }
}
