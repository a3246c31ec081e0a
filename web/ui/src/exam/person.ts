/** Who sits at this page: asked once a session. Where there are accounts, the name is the account's. */
import { getSession } from "../access/session";
import type { Role } from "./api";

export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly licence: string;
}

export const NOBODY_YET: Person = { name: "", role: "examiner", licence: "" };

const KEY = "peony.person";

/** The name that the program signs with, whatever the page says; `null` where there are no accounts. */
export function accountName(): string | null {
  const session = getSession();
  return session.kind === "somebody" ? session.me.display : null;
}

/** Whether it was said in which role they sign. */
export function hasSaidWho(): boolean {
  try {
    return sessionStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

export function rememberedPerson(): Person {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Person> | null;
    return {
      name: accountName() ?? String(kept?.name ?? ""),
      role: kept?.role === "reviewer" ? "reviewer" : "examiner",
      licence: String(kept?.licence ?? ""),
    };
  } catch {
    return { ...NOBODY_YET, name: accountName() ?? "" };
  }
}

export function rememberPerson(person: Person): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // Private windows may refuse; the page asks again.
  }
}
