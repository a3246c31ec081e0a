/** What a grade rests on, as it is shown: key planes in their order, and the words beside them. */
import type { TrackView } from "../api/wire";
import { percent, probability } from "../words/numbers";
import type { Words } from "../words/words";
import type { Grounds, Plane, PlaneReason, Report } from "./api";

/** A key plane with what is known of its lesion. */
export interface EvidentPlane {
  /** The first of those that are on one and the same frame. */
  readonly plane: Plane;
  /** All of them, this one included. */
  readonly alike: readonly Plane[];
  readonly letter: string | null;
  readonly grounds: Grounds | null;
}

/** A plane by its lesion and reason, so that one which replaces another stands in its place; a kept one by its number. */
export function planeKey({ lesion, reason, id }: Pick<Plane, "lesion" | "reason" | "id">): string {
  return reason === "kept" ? `kept-${id}` : `${lesion}-${reason}`;
}

interface Pictured {
  readonly lesion: number | null;
  readonly reason: PlaneReason;
  readonly time_ms: number;
  /** What surrounds the lesion in it. */
  readonly outline: unknown;
}

/**
 * Planes that are on one and the same frame, together: one frame may be the largest, the most telling and the most suspicious at
 * once, and is looked at once. What a person kept stands by itself.
 */
export function byFrame<T>(planes: readonly T[], about: (plane: T) => Pictured): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  planes.forEach((plane, index) => {
    const { lesion, reason, time_ms, outline } = about(plane);
    const key = reason === "kept" ? `kept ${index}` : JSON.stringify([lesion, time_ms, outline]);
    const group = groups.get(key);
    if (group) {
      group.push(plane);
    } else {
      groups.set(key, [plane]);
    }
  });
  return [...groups.values()];
}

/** The key planes of one lesion, or those that are kept for themselves. */
export function evident(
  planes: readonly Plane[],
  letter: string | null,
  grounds: Grounds | null | undefined,
): readonly EvidentPlane[] {
  const groups = byFrame(planes, ({ contour_px, ...plane }) => ({ ...plane, outline: contour_px }));
  return groups.map((alike) => ({ plane: alike[0], alike, letter, grounds: grounds ?? null }));
}

/** Whether a plane, named by [`planeKey`], is looked at with this one. */
export function isAmong({ alike }: Pick<EvidentPlane, "alike">, key: string): boolean {
  return alike.some((plane) => planeKey(plane) === key);
}

/** Why a frame is a key plane, every reason of it. */
export function reasonsText(alike: readonly { readonly reason: PlaneReason }[], { say, language }: Words): string {
  return alike.map(({ reason }) => say(`reason_${reason}`)).join(language === "zh" ? "、" : ", ");
}

/** The same at length. */
export function reasonsWhy(alike: readonly { readonly reason: PlaneReason }[], { say }: Pick<Words, "say">): string {
  return alike.map(({ reason }) => say(`reason_${reason}_why`)).join("\n");
}

/** Every key plane of a report: by letter, then those that are kept for themselves. */
export function evidentPlanes({ lesions, planes }: Pick<Report, "lesions" | "planes">): readonly EvidentPlane[] {
  const byLetter = lesions.toSorted((a, b) => a.letter.localeCompare(b.letter));
  return [
    ...byLetter.flatMap(({ planes: own, letter, grounds }) => evident(own, letter, grounds)),
    ...evident(planes, null, null),
  ];
}

/** The share of a frame in the grade; `null` where it is not among those that weighed most. */
export function shareOf(grounds: Grounds | null | undefined, alike: readonly Pick<Plane, "id">[]): number | null {
  const marked = grounds?.marked.filter(({ plane }) => alike.some(({ id }) => id === plane)) ?? [];
  return marked.length > 0 ? Math.max(...marked.map(({ share }) => share)) : null;
}

/** What the machine's grade of a live lesion rests on: of a person's category it says nothing. */
export function groundsOf(
  { grounds, birads, birads_said }: Pick<TrackView, "grounds" | "birads" | "birads_said">,
  words: Words,
): string | null {
  return grounds && groundsText(grounds, words, birads_said ? null : birads);
}

/** What the grade rests on, in one line; before it why a lesion is a 2, which its probability alone never makes it. */
export function groundsText(grounds: Grounds, { say, language }: Words, category: string | null = null): string {
  const { planes, shown, share } = grounds;
  const rests =
    shown === 0
      ? say("grounds_none", { planes })
      : say("grounds", { planes, shown, share: percent(probability(share), language) });
  return category === "2" ? [say("as_simple_cyst"), rests].join(language === "zh" ? "" : " ") : rests;
}
