import { describe, expect, it } from "vitest";
import type { Field, LesionReport, Place } from "../exam/api";
import { byLikeness } from "./likeness";

const field = <T>(proposed: T | null): Field<T> => ({ proposed, said: null });
const at = (side: Place["side"], clock: string | null): Place => ({ side, clock, from_nipple_mm: null });
const lesion = (letter: string, place: Place | null, depth: number | null, long: number | null): LesionReport =>
  ({
    letter,
    place: field(place),
    depth_mm: field(depth),
    size: field(long === null ? null : { long, short: long, third: null, unit: "mm" }),
  }) as unknown as LesionReport;
const letters = (lesions: readonly LesionReport[]): string => lesions.map(({ letter }) => letter).join("");

describe("which lesion another is most likely the same as", () => {
  const here = lesion("A", at("left", "11:30"), 12, 10);
  it("lies at the same hour, over noon too, before one further round", () => {
    const [near, far] = [lesion("B", at("left", "12:30"), 12, 10), lesion("C", at("left", "5:00"), 12, 10)];
    expect(letters(byLikeness(here, [far, near]))).toBe("BC");
  });
  it("lies in the same breast before all else", () => {
    const [other, alike] = [lesion("B", at("left", "5:30"), 40, 30), lesion("C", at("right", "11:30"), 12, 10)];
    expect(letters(byLikeness(here, [alike, other]))).toBe("BC");
  });
  it("is as deep and as large, where places tell nothing", () => {
    const none = lesion("A", null, 12, 10);
    const others = [lesion("B", null, 30, 10), lesion("C", null, 12, 30), lesion("D", null, 13, 11)];
    expect(letters(byLikeness(none, others)).startsWith("D")).toBe(true);
  });
  it("what is unknown stands between what is alike and what is not", () => {
    const [alike, unknown, unlike] = [
      lesion("B", at("left", "11:30"), 12, 10),
      lesion("C", null, null, null),
      lesion("D", at("right", "5:30"), 40, 40),
    ];
    expect(letters(byLikeness(here, [unlike, unknown, alike]))).toBe("BCD");
  });
});
