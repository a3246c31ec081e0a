/** What a grade rests on, as it is shown: key planes in their order, and the words beside them. */
import { percent, probability } from "../words/numbers";
import type { Words } from "../words/words";
import type { Grounds, Plane, Report } from "./api";

/** A key plane with what is known of its lesion. */
export interface EvidentPlane {
  readonly plane: Plane;
  readonly letter: string | null;
  readonly grounds: Grounds | null;
}

/** A plane by its lesion and reason, so that one which replaces another stands in its place; a kept one by its number. */
export function planeKey({ lesion, reason, id }: Pick<Plane, "lesion" | "reason" | "id">): string {
  return reason === "kept" ? `kept-${id}` : `${lesion}-${reason}`;
}

/** Every key plane of a report: by letter, then those that are kept for themselves. */
export function evidentPlanes({ lesions, planes }: Pick<Report, "lesions" | "planes">): readonly EvidentPlane[] {
  const byLetter = lesions.toSorted((a, b) => a.letter.localeCompare(b.letter));
  const of = (plane: Plane): EvidentPlane => ({ plane, letter: null, grounds: null });
  return [
    ...byLetter.flatMap(({ planes: own, letter, grounds }) =>
      own.map((plane) => ({ plane, letter, grounds: grounds ?? null })),
    ),
    ...planes.map(of),
  ];
}

/** The share of a plane in the grade; `null` where it is not among those that weighed most. */
export function shareOf(grounds: Grounds | null | undefined, plane: number): number | null {
  return grounds?.marked.find((marked) => marked.plane === plane)?.share ?? null;
}

/** What the grade rests on, in one line. */
export function groundsText({ planes, shown, share }: Grounds, { say, language }: Words): string {
  return shown === 0
    ? say("grounds_none", { planes })
    : say("grounds", { planes, shown, share: percent(probability(share), language) });
}
