/** Why a provider did not let somebody in: a word that the program puts into the address of the sign-in page. */
import type { WordKey } from "../words/words";

const WORDS = ["away", "denied", "stale", "invalid", "unknown", "disabled", "role"] as const;

/** The line for it; `null` where the address says nothing. */
export function refusalOf(search: string): WordKey | null {
  const said = new URLSearchParams(search).get("sign_in");
  if (said === null) {
    return null;
  }
  const word = WORDS.find((known) => known === said);
  return said === "wait" ? "sign_in_wait" : word ? `sign_in_oidc_${word}` : "sign_in_oidc_failed";
}
