/** The question whether a lesion is an earlier one again, which the program was not sure enough of to say it by itself. */
import type { Command, TrackView } from "../api/wire";
import { confirmed } from "./current";

/** A lesion of which it is asked. */
export type Asked = TrackView & { readonly may_be: NonNullable<TrackView["may_be"]> };

export const isAsked = (track: TrackView): track is Asked => track.may_be !== null;

/** The lesion that the keys answer for: the current one, or the first by letter of which it is asked. */
export function askedOf(tracks: readonly TrackView[], current: number | null): Asked | null {
  const asked = confirmed(tracks).filter(isAsked);
  return asked.find(({ id }) => id === current) ?? asked[0] ?? null;
}

/** Says that it is the earlier one. */
export const joining = ({ id, may_be }: Asked): Command => ({ command: "join", track: id, into: may_be.lesion });

/** Says that it is another one: it is not asked again. */
export const keepingApart = ({ id, may_be }: Asked): Command => ({
  command: "keep_apart",
  track: id,
  from: may_be.lesion,
});
