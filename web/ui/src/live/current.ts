/** Which lesion is the one we are talking about: pink in the picture, the list, the strip and the 3-D at once. */
import type { TrackView } from "../api/wire";
import type { LesionReport } from "../exam/api";

/** The present choice and whether a person made it. */
export interface Current {
  readonly track: number | null;
  readonly byPerson: boolean;
  /** The letters that were there when a person chose: a new one ends the person's choice. */
  readonly letters: number;
}

export const NOBODY: Current = { track: null, byPerson: false, letters: 0 };

/** Confirmed by persistence and not struck out. */
export function confirmed(tracks: readonly TrackView[]): readonly TrackView[] {
  return tracks.filter((track) => track.letter !== null && !track.dismissed);
}

/**
 * The next choice. A person's choice holds until a new lesion is confirmed; otherwise the present lesion stays while it is
 * in the picture, then the most suspicious one in the picture, then the last one.
 */
export function nextCurrent(former: Current, tracks: readonly TrackView[]): Current {
  const lesions = confirmed(tracks);
  const kept = lesions.find((track) => track.id === former.track);
  if (kept && former.byPerson && lesions.length <= former.letters) {
    return former;
  }
  if (kept && !former.byPerson && kept.status !== "left") {
    return former;
  }
  const visible = lesions.filter((track) => track.status === "seen");
  const [most] = visible.toSorted((a, b) => (b.malignancy ?? 0) - (a.malignancy ?? 0));
  const track = (most ?? kept ?? lesions[0])?.id ?? null;
  return { track, byPerson: false, letters: lesions.length };
}

/** The lesion after the present one, by letter, round and round. */
export function following(current: number | null, tracks: readonly TrackView[]): number | null {
  const lesions = confirmed(tracks);
  const index = lesions.findIndex((track) => track.id === current);
  return lesions[(index + 1) % Math.max(1, lesions.length)]?.id ?? null;
}

/** The lesions of the report that the live page does not list: the program sends it those that it saw last, and no more than a few. */
export function unlisted<T extends Pick<LesionReport, "lesion" | "dismissed">>(
  lesions: readonly T[],
  tracks: readonly Pick<TrackView, "id">[],
): readonly T[] {
  const listed = new Set(tracks.map(({ id }) => id));
  return lesions.filter(({ lesion, dismissed }) => !dismissed && !listed.has(lesion));
}
