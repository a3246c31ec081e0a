/** What a page takes with it when another run of the program has come up and the page is loaded anew. */
import type { Called } from "./connection";

/** Keys that were pressed while the program was away. */
export interface Carried {
  /** Those that mean the same to another run, in their order. */
  readonly commands: readonly Called[];
  /** The examination they were meant for; `null` where this page saw none. */
  readonly exam: string | null;
  /** Others were pressed as well, which are gone. */
  readonly lost: boolean;
}

const KEPT = "peony.carried";

/** Which breast, where on it, and how deep: lesions and planes have other numbers in another run, and a rest is over. */
function meansTheSame({ command: { command } }: Called): boolean {
  return command === "set_side" || command === "set_probe" || command === "set_depth";
}

/** What of the keys that were not sent another run is told, `forgotten` being how many were not even kept. */
export function carriedOf(unsent: readonly Called[], exam: string | null, forgotten: number): Carried {
  const commands = exam === null ? [] : unsent.filter(meansTheSame);
  return { commands, exam, lost: forgotten > 0 || commands.length < unsent.length };
}

/** Keeps it for the page that comes after this one. */
export function carry(carried: Carried): void {
  if (carried.commands.length === 0 && !carried.lost) {
    return;
  }
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(carried));
  } catch {
    // Private windows may refuse; then they are lost without a word.
  }
}

/** What the page before this one left, once. */
export function carriedHere(): Carried | null {
  try {
    const kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    return kept === null ? null : (JSON.parse(kept) as Carried);
  } catch {
    return null;
  }
}
