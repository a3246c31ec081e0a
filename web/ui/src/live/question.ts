/** What the page asks of the place while a person scans: one question at a time, and none that was answered. */
import type { TrackView } from "../api/wire";
import type { LesionReport, Place, Side } from "../exam/api";
import { placeOf } from "../exam/field";
import { confirmed } from "./current";

export type Question =
  | { readonly asks: "side" }
  | { readonly asks: "hour" }
  /** Whether a lesion in the picture, which was confirmed before the place or its hour was said, lies where the probe stands. */
  | { readonly asks: "here"; readonly lesion: number; readonly letter: string; readonly place: Place };

interface Facts {
  readonly tracks: readonly TrackView[];
  readonly lesions: readonly LesionReport[];
  readonly probe: Place | null;
  /** A person said that the side of this breast is all there is to say. */
  readonly sideOnly: Side | null;
}

/**
 * The side is asked from the first picture on: a lesion gets the place of the probe when it is confirmed. The hour is asked once
 * there is a lesion, and then of those that have only the side whether they are there. `null`: there is nothing to ask.
 */
export function questionOf({ tracks, lesions, probe, sideOnly }: Facts): Question | null {
  if (!probe) {
    return { asks: "side" };
  }
  const found = confirmed(tracks);
  if (probe.clock === null && sideOnly !== probe.side) {
    return found.length > 0 ? { asks: "hour" } : null;
  }
  const inPicture = found.filter(({ status }) => status === "seen");
  const homeless = lesions.find(
    (lesion) =>
      !lesion.dismissed && saysLess(placeOf(lesion), probe) && inPicture.some(({ id }) => id === lesion.lesion),
  );
  return homeless ? { asks: "here", lesion: homeless.lesion, letter: homeless.letter, place: probe } : null;
}

/** Whether the probe's place says more of where a lesion lies: all of it, or the hour where only the side is known. */
function saysLess(place: Place | null, probe: Place): boolean {
  return place === null || (place.clock === null && probe.clock !== null && place.side === probe.side);
}
