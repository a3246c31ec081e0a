/** Why the program did not take a change, in the reader's language where the reason is known. */
import type { WordKey, Words } from "../words/words";

const KNOWN: Readonly<Record<string, WordKey>> = {
  signed: "refused_signed",
  not_signed: "refused_not_signed",
  obstacles: "refused_obstacles",
  not_saved: "refused_not_saved",
  unknown_lesion: "error_unknown_track",
  nothing_to_undo: "error_nothing_to_undo",
  missing: "refused_missing",
};

export function refusalText({ error, code }: { readonly error: string; readonly code: string | null }, { say }: Words) {
  const known = code === null ? undefined : KNOWN[code];
  return known ? say(known) : error || say("refused_unknown");
}
