/** Why the program did not take a change, in the reader's language where the reason is known. */
import { type Fault, faultText } from "../words/fault";
import type { WordKey, Words } from "../words/words";

const KNOWN: Readonly<Record<string, WordKey>> = {
  signed: "refused_signed",
  not_signed: "refused_not_signed",
  not_in_turn: "refused_not_in_turn",
  short_over_long: "refused_short_over_long",
  obstacles: "refused_obstacles",
  not_saved: "refused_not_saved",
  unknown_lesion: "error_unknown_track",
  proposal_changed: "refused_proposal_changed",
  nothing_to_undo: "error_nothing_to_undo",
  calibration_name: "refused_calibration_name",
  too_few_sweeps: "refused_too_few_sweeps",
  too_many_sweeps: "refused_too_many_sweeps",
  no_calibrations: "refused_no_calibrations",
  other_act: "error_other_act",
  missing: "refused_missing",
};

const knownWord = (code: string | null): WordKey | undefined => (code === null ? undefined : KNOWN[code]);

/** The word for it where there is no room for the program's own text. */
export const refusalWord = ({ code }: Fault): WordKey => knownWord(code) ?? "fault_text_unknown";

export function refusalText(refusal: Fault, words: Words): string {
  const known = knownWord(refusal.code);
  return known ? words.say(known) : faultText(refusal, words);
}
