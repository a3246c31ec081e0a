import { describe, expect, it } from "vitest";
import {
  clock,
  cubicCentimetres,
  figure,
  intervalText,
  isUnsure,
  millimetres,
  percent,
  probability,
  roundHalfAway,
  sizeText,
  thirdAxis,
} from "./numbers";

describe("rounding", () => {
  it.each([
    [0.5, 0, 1],
    [-0.5, 0, -1],
    [2.5, 0, 3],
    [1.005, 2, 1.01],
    [4.95, 1, 5],
    [-1.25, 1, -1.3],
    [0, 0, 0],
  ])("%f to %i decimals is %f", (value, decimals, expected) => {
    expect(roundHalfAway(value, decimals)).toBe(expected);
  });
});

describe("millimetres: whole, tenths below 5", () => {
  it.each([
    [10.4, "10"],
    [10.5, "11"],
    [5, "5"],
    [4.96, "5"],
    [4.94, "4.9"],
    [3, "3.0"],
    [0.04, "0.0"],
  ])("%f is %s", (value, expected) => {
    expect(millimetres(value)).toBe(expected);
  });
});

describe("sizes", () => {
  const mm = { long: 10.4, short: 4.4 };
  const px = { long: 174.4, short: 157.6 };
  it.each([
    ["millimetres", { size_mm: mm, size_px: null }, "10 × 4.4\u202fmm"],
    ["pixels where the scale is unknown", { size_mm: null, size_px: px }, "174 × 158\u202fpx"],
    ["nothing where nothing was measured", { size_mm: null, size_px: null }, null],
  ])("%s", (_, sizes, expected) => {
    expect(sizeText(sizes)).toBe(expected);
  });

  it.each([
    [10, 0.2, "≈10 ± 2"],
    [37.4, 0.2, "≈37 ± 7"],
    [4, 0.2, "≈4.0 ± 0.8"],
    [5.2, 0.05, "≈5 ± 1"],
    [0.5, 0.01, "≈0.5 ± 0.1"],
  ])("a third axis of %f mm with a relative error of %f is %s", (along_mm, relative_error, expected) => {
    expect(thirdAxis({ along_mm, relative_error })).toBe(expected);
  });
});

describe("probabilities: whole percent, never 0 or 100", () => {
  it.each([
    [0, "<1"],
    [0.0049, "<1"],
    [0.005, "1"],
    [0.625, "63"],
    [0.994, "99"],
    [0.995, ">99"],
    [1, ">99"],
  ])("%f is %s", (value, expected) => {
    expect(probability(value)).toBe(expected);
  });

  it("sets a narrow no-break space before the sign in English and none in Chinese", () => {
    expect(percent("62", "en")).toBe("62\u202f%");
    expect(percent("62", "zh")).toBe("62%");
  });

  it("prints an interval once where both ends read alike", () => {
    expect(intervalText([0.48, 0.75])).toBe("48–75");
    expect(intervalText([0.001, 0.002])).toBe("<1");
  });

  it.each([
    [null, false],
    [[0.2, 0.6], false],
    [[0.2, 0.61], true],
  ] as const)("unsure of %j: %s", (interval, expected) => {
    expect(isUnsure(interval && [interval[0], interval[1]])).toBe(expected);
  });
});

describe("volumes: two significant digits", () => {
  it.each([
    [0.5, "0.50"],
    [0.0123, "0.012"],
    [1.25, "1.3"],
    [9.96, "10"],
    [0.0996, "0.10"],
    [123, "120"],
    [0, "0"],
  ])("%f is %s", (value, expected) => {
    expect(cubicCentimetres(value)).toBe(expected);
  });
});

describe("other figures", () => {
  it("keeps seconds and minutes in two digits", () => {
    expect([clock(0), clock(402_999), clock(-5), clock(3_600_000)]).toEqual(["00:00", "06:42", "00:00", "60:00"]);
  });
  it("gives a fault's figure its unit", () => {
    expect([figure(24.2, "mm/s"), figure(0.314, null)]).toEqual(["24\u202fmm/s", "0.31"]);
  });
});
