/** The keys of the report page. */

export type ReportCommand =
  | { readonly kind: "next" }
  | { readonly kind: "confirm" }
  | { readonly kind: "category"; readonly digit: string }
  | { readonly kind: "undo" }
  | { readonly kind: "marks" }
  | { readonly kind: "sign" }
  | { readonly kind: "escape" };

export interface KeyPress {
  readonly key: string;
  readonly ctrl: boolean;
  /** Alt, Meta, or held down: not ours. */
  readonly other: boolean;
  /** The focus is where letters are written. */
  readonly typing: boolean;
  /** Single keys may be switched off (WCAG 2.1.4). */
  readonly singleKeys: boolean;
}

/** What a key asks for; `null` where it is not ours. */
export function commandOf({ key, ctrl, other, typing, singleKeys }: KeyPress): ReportCommand | null {
  if (other) {
    return null;
  }
  if (ctrl) {
    return key === "Enter" ? { kind: "sign" } : null;
  }
  if (key === "Escape") {
    return { kind: "escape" };
  }
  if (typing || !singleKeys) {
    return null;
  }
  if (/^[0-6]$/.test(key)) {
    return { kind: "category", digit: key };
  }
  switch (key.toLowerCase()) {
    case "n":
      return { kind: "next" };
    case "c":
      return { kind: "confirm" };
    case "h":
      return { kind: "marks" };
    case "z":
      return { kind: "undo" };
    default:
      return null;
  }
}
