/** What the program refused or could not do, in the reader's language: by the key of its answer, whose text is for programs. */
import type { Words } from "./words";

const KNOWN = [
  "nobody_known",
  "wrong_password",
  "too_many_tries",
  "not_permitted",
  "other_origin",
  "forbidden",
  "token_may_not",
  "not_found",
  "unfit_account",
  "unfit_site",
  "unfit_token",
  "last_administrator",
  "name_taken",
  "password_length",
  "password_is_name",
  "bad_value",
  "blank_name",
  "not_empty",
  "not_yours",
  "unavailable",
  "failed",
  "unknown_exam",
  "source_refused",
  "too_many_exams",
  "conflict",
  "not_merged",
  "not_parted",
  "order_closed",
  "too_large",
  "not_drawable",
  "not_acceptable",
  "unsupported_media",
  "silence",
  "unreadable",
  "no_room",
  "exam_damaged",
  "exam_of_newer",
  "exam_in_use",
  "other_source",
  "altered",
  "calibration_length",
  "not_sweeping",
  "unknown_sweep",
  "unknown_probe",
  "unknown_plane",
  "no_method",
  "no_such_range",
  "away",
  "node_unreachable",
  "node_rejects",
  "node_not_offered",
  "node_fails",
  "node_broken_off",
  "node_late",
] as const;

type Known = (typeof KNOWN)[number];

export interface Fault {
  /** One English line. */
  readonly error: string;
  readonly code: string | null;
}

const isKnown = (code: string | null): code is Known => KNOWN.some((known) => known === code);

/** One key for whatever stands against something: what it is, the program's own text alone says. */
const SAYS_NOT_WHAT: Known = "conflict";

/** One line; the program's own text stands for a key without words, or for one that says less, only where the reader reads English. */
export function faultText({ error, code }: Fault, { say, language }: Pick<Words, "say" | "language">): string {
  const own = language === "en" ? error : "";
  if (isKnown(code)) {
    return (code === SAYS_NOT_WHAT && own) || say(`fault_text_${code}`);
  }
  return own || say("fault_text_unknown");
}

/** What an answer says of a refusal; it holds nothing of a patient. */
export function faultIn(body: string): Fault {
  try {
    const { error, code } = JSON.parse(body) as { error?: unknown; code?: unknown };
    return { error: typeof error === "string" ? error : "", code: typeof code === "string" ? code : null };
  } catch {
    return { error: "", code: null };
  }
}
