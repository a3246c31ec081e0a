/** The question whether a lesion is an earlier one again, which the program was not sure enough of to say it by itself. */
import type { Command, TrackView } from "../api/wire";
import { confirmed } from "./current";
import type { Notice } from "./notice";

/** A lesion of which it is asked. */
export type Asked = TrackView & { readonly may_be: NonNullable<TrackView["may_be"]> };

export const isAsked = (track: TrackView): track is Asked => track.may_be !== null;

export type Answer = "again" | "another";

/** What a press does. */
export interface Pressed {
  /** `null`: it only leads to a question. */
  readonly command: Command | null;
  /** The lesion that is current from then on. */
  readonly current: number;
  readonly notice: Notice;
}

/** An answer for one lesion. The earlier one is what we talk of then; of another one it is not asked again. */
export function answering({ id, letter, may_be }: Asked, answer: Answer): Pressed {
  const fillings = { letter: letter ?? "", other: may_be.letter };
  return answer === "again"
    ? {
        command: { command: "join", track: id, into: may_be.lesion },
        current: may_be.lesion,
        notice: { says: "again_joined", does: "again_undo", fillings },
      }
    : {
        command: { command: "keep_apart", track: id, from: may_be.lesion },
        current: id,
        notice: { says: "again_apart", does: "again_undo", fillings },
      };
}

interface Facts {
  readonly tracks: readonly TrackView[];
  readonly current: number | null;
  /** The list of the lesions is in sight, where the current one stands first. */
  readonly inSight: boolean;
}

/**
 * What a key does. It answers for the current lesion alone, and only what is in sight: else it leads to the question, of the current one or
 * of the first by letter. `null`: nothing is asked.
 */
export function pressing({ tracks, current, inSight }: Facts, answer: Answer): Pressed | null {
  const asked = confirmed(tracks).filter(isAsked);
  const here = asked.find(({ id }) => id === current);
  if (here && inSight) {
    return answering(here, answer);
  }
  const to = here ?? asked[0];
  return to
    ? {
        command: null,
        current: to.id,
        notice: {
          says: "again_asked",
          does: "again_keys",
          fillings: { letter: to.letter ?? "", other: to.may_be.letter },
        },
      }
    : null;
}
