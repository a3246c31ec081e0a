import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import type { Change, Comparison, EarlierLesion, LesionReport } from "./api";
import { changeText, choicesOf, earlierLesion, holds, longText, placeWithin } from "./before";

const THEN: EarlierLesion = {
  lesion: 2,
  letter: "B",
  place: { side: "left", clock: "10:00", from_nipple_mm: 40 },
  depth_mm: null,
  size: { long: 8, short: 6, third: null, unit: "mm" },
  words: [],
  category: "3",
};
const COMPARISON: Comparison = {
  earlier: {
    examination: "then",
    began_ms: Date.UTC(2026, 4, 28, 12),
    patient: { id: "P-1", name: "Demo 01", sex: "F", birth_date: "" },
    number: "",
    examined: ["left"],
    lesions: [THEN],
  },
  days: 180,
  conflict: false,
  same_patient: null,
  not_seen: [],
};
const GROWN: Change = {
  kind: "measured",
  long_mm: [8, 10.4],
  difference_mm: 2.4,
  ratio: 0.3,
  trend: "larger",
  alarm: true,
  doubling_days: null,
};
const LESION = { candidates: [{ lesion: 2, change: GROWN }] } as unknown as LesionReport;

describe("what a lesion was before", () => {
  it("is one of the earlier ones of its breast, or new, and names their examination", () => {
    expect(choicesOf(LESION, COMPARISON).map(({ before }) => before)).toEqual([
      { examination: "then", lesion: 2 },
      { examination: "then", lesion: null },
    ]);
    expect(earlierLesion(COMPARISON, 2)).toBe(THEN);
    expect(earlierLesion(COMPARISON, 7)).toBeNull();
  });
  it("is compared unless records contradict or a person says that they are another's", () => {
    const said = (value: boolean) => ({ value, by: "Dr. A", at_ms: 0 });
    expect(holds(COMPARISON)).toBe(true);
    expect(holds({ ...COMPARISON, conflict: true })).toBe(false);
    expect(holds({ ...COMPARISON, conflict: true, same_patient: said(true) })).toBe(true);
    expect(holds({ ...COMPARISON, same_patient: said(false) })).toBe(false);
  });
});

describe("a change", () => {
  const [en, zh] = [wordsIn("en"), wordsIn("zh")];
  it("is written with its sign", () => {
    expect(changeText(GROWN, THEN, en)).toBe("8 → 10\u202fmm, +30\u202f%");
    expect(changeText({ ...GROWN, long_mm: [10, 4], ratio: -0.6 }, THEN, zh)).toBe("10 → 4.0\u202fmm, −60%");
    expect(changeText({ ...GROWN, long_mm: [10, 10], ratio: -0.004 }, THEN, zh)).toBe("10 → 10\u202fmm, 0%");
  });
  it("of pixels is none: the sizes are never set beside millimetres", () => {
    const change: Change = { kind: "not_comparable", reason: "no_scale" };
    const pixels: EarlierLesion = { ...THEN, size: { long: 174.2, short: 157.5, third: null, unit: "{pixels}" } };
    expect(changeText(change, pixels, en)).toBe("174\u202fpx · scale unknown");
    expect(changeText({ ...change, reason: "no_size" }, { ...THEN, size: null }, zh)).toBe("大小未知");
  });
  it("is told at length with its date, days and alarm", () => {
    const text = longText(THEN, GROWN, COMPARISON, en);
    for (const part of [
      "Lesion B",
      "28 May 2026",
      "Left 10:00, 4\u202fcm",
      "BI-RADS 3",
      "+2.4\u202fmm over 180 days",
      "larger",
      "a fifth",
    ]) {
      expect(text).toContain(part);
    }
    expect(longText(THEN, GROWN, COMPARISON, zh)).toContain("间隔 180 天，增大");
    expect(longText(THEN, null, COMPARISON, en)).not.toContain("larger");
  });
  it("has the place within the breast, as far as it is known", () => {
    expect(placeWithin(THEN)).toBe("10:00 4\u202fcm");
    expect(placeWithin({ ...THEN, place: { side: "left", clock: null, from_nipple_mm: null } })).toBe("");
    expect(placeWithin(null)).toBe("");
  });
});
