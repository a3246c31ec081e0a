import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import type { Grounds, LesionReport, Plane } from "./api";
import { evidentPlanes, groundsText, planeKey, shareOf } from "./evidence";

const plane = (id: number, lesion: number | null, reason: Plane["reason"]): Plane => ({
  id,
  lesion,
  reason,
  picture_px: [640, 480],
  contour_px: [],
  size: null,
  time_ms: 0,
});
const lesion = (letter: string, planes: readonly Plane[], grounds?: Grounds): LesionReport =>
  ({ letter, planes, ...(grounds && { grounds }) }) as unknown as LesionReport;

const GROUNDS: Grounds = {
  planes: 7,
  marked: [
    { plane: 4, share: 0.4 },
    { plane: 5, share: 0.22 },
  ],
  shown: 2,
  share: 0.62,
};

describe("the planes that a grade rests on", () => {
  it("come by letter, those kept for themselves last", () => {
    const planes = evidentPlanes({
      lesions: [lesion("B", [plane(4, 2, "largest")], GROUNDS), lesion("A", [plane(1, 1, "largest")])],
      planes: [plane(9, null, "kept")],
    });
    expect(planes.map(({ plane: { id }, letter }) => [id, letter])).toEqual([
      [1, "A"],
      [4, "B"],
      [9, null],
    ]);
    expect(planes[1]?.grounds).toBe(GROUNDS);
  });
  it("are known again when another frame takes their place, kept ones by their number", () => {
    expect(planeKey(plane(4, 2, "largest"))).toBe(planeKey(plane(8, 2, "largest")));
    expect(planeKey(plane(4, 2, "kept"))).not.toBe(planeKey(plane(8, 2, "kept")));
  });
  it("say what they weigh in both languages, and that none weighs where none does", () => {
    expect([shareOf(GROUNDS, 5), shareOf(GROUNDS, 6), shareOf(null, 5)]).toEqual([0.22, null, null]);
    expect(groundsText(GROUNDS, wordsIn("en"))).toBe(
      "Planes graded: 7. The marked key planes show 2 of them, which weigh 62\u202f%.",
    );
    expect(groundsText(GROUNDS, wordsIn("zh"))).toBe("分级依据切面：7 个。标记的关键切面显示其中 2 个，占权重 62%。");
    expect(groundsText({ planes: 3, marked: [], shown: 0, share: 0 }, wordsIn("en"))).toContain("None of those");
  });
});
