/** Whose turn it is to sign: the examiner's, then a reviewer's, who is another person. */
import type { Report, Role } from "./api";

type Signed = Pick<Report, "signatures" | "altered">;

/** The role in which the report is signed next; `null` where nothing more is signed. */
export function turnOf({ signatures, altered }: Signed): Role | null {
  const [first, second] = signatures;
  if (altered || second) {
    return null;
  }
  return first ? "reviewer" : "examiner";
}

const plain = (name: string): string => name.trim().split(/\s+/).join(" ").toLowerCase();

/** Whether this person has signed already: in one role or the other, never in both. */
export function hasSigned(name: string, { signatures }: Signed): boolean {
  return signatures.some((signature) => plain(signature.name) === plain(name));
}
