import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import type { Grounds, LesionReport, Plane } from "./api";
import { evidentPlanes, groundsText, isAmong, planeKey, reasonsText, shareOf } from "./evidence";

const plane = (id: number, lesion: number | null, reason: Plane["reason"], time_ms = 40 * id): Plane => ({
  id,
  lesion,
  reason,
  picture_px: [640, 480],
  contour_px: [],
  size: null,
  time_ms,
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
  it("are looked at once where they are on the same frame, with every reason, and apart from a person's own", () => {
    const own = [
      plane(1, 1, "largest", 900),
      plane(2, 1, "across", 940),
      plane(3, 1, "suspicious", 900),
      plane(4, 1, "kept", 900),
      plane(5, 1, "kept", 900),
    ];
    const shown = evidentPlanes({ lesions: [lesion("A", own)], planes: [] });
    expect(shown.map(({ alike }) => alike.map(({ id }) => id))).toEqual([[1, 3], [2], [4], [5]]);
    const reasons = (language: "en" | "zh") => shown.map(({ alike }) => reasonsText(alike, wordsIn(language)));
    expect(reasons("en")[0]).toBe("largest, rated highest");
    expect(reasons("zh")[0]).toBe("最大、评分最高");
    expect(shown.map((each) => isAmong(each, "1-suspicious"))).toEqual([true, false, false, false]);
  });
  it("are not one frame where time or outline differ", () => {
    const other = { ...plane(2, 1, "suspicious", 900), contour_px: [[1, 2]] as const };
    const own = [plane(1, 1, "largest", 900), other, plane(3, 1, "features", 901)];
    expect(evidentPlanes({ lesions: [lesion("A", own)], planes: [] })).toHaveLength(3);
  });
  it("say what they weigh in both languages, and that none weighs where none does", () => {
    const share = (...ids: readonly number[]) =>
      shareOf(
        GROUNDS,
        ids.map((id) => ({ id })),
      );
    expect([share(5), share(6), share(6, 5, 4), shareOf(null, [{ id: 5 }])]).toEqual([0.22, null, 0.4, null]);
    expect(groundsText(GROUNDS, wordsIn("en"))).toBe(
      "The grade rests on 7 pictures; 62\u202f% of it on what is shown here (2).",
    );
    expect(groundsText(GROUNDS, wordsIn("zh"))).toBe("分级综合 7 帧图像；此处所示 2 帧占权重 62%。");
    expect(groundsText({ planes: 3, marked: [], shown: 0, share: 0 }, wordsIn("en"))).toContain("none of those");
    expect(groundsText(GROUNDS, wordsIn("en"), "2")).toMatch(
      /^Its features are those of a simple cyst: category 2\. The grade/,
    );
    expect(groundsText(GROUNDS, wordsIn("zh"), "2")).toMatch(/^征象符合单纯囊肿，归2类。分级/);
    expect(groundsText(GROUNDS, wordsIn("en"), "4A")).not.toContain("cyst");
  });
});
