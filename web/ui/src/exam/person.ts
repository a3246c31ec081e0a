/** Who sits at this page: asked once a session, since there are no accounts yet. */
import type { Role } from "./api";

export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly licence: string;
}

export const NOBODY_YET: Person = { name: "", role: "examiner", licence: "" };

const KEY = "peony.person";

export function rememberedPerson(): Person {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Person> | null;
    return {
      name: String(kept?.name ?? ""),
      role: kept?.role === "reviewer" ? "reviewer" : "examiner",
      licence: String(kept?.licence ?? ""),
    };
  } catch {
    return NOBODY_YET;
  }
}

export function rememberPerson(person: Person): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // Private windows may refuse; the page asks again.
  }
}
