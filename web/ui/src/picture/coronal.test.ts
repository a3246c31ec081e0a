import { describe, expect, it } from "vitest";
import type { AxisView, CoronalLesion, CoronalView } from "../api/wire";
import { coronalAddress } from "../live/coronal";
import { barUnits, fitCoronal, placed } from "./coronal";
import { cutOutlines, depthText, extents, wayText } from "./coronalText";

const axis = (changes: Partial<AxisView>): AxisView => ({
  unit: "mm",
  from: 0,
  per_px: 0.2,
  cell: 0.25,
  relative_error: null,
  ...changes,
});

function lesion(track: number, changes: Partial<CoronalLesion> = {}): CoronalLesion {
  const outline: CoronalLesion["outline"] = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  return {
    track,
    letter: "A",
    outline,
    depths: [10, 18],
    extent_mm: [12, 10, 8],
    relative_error: 0.25,
    ...changes,
  };
}

function view(changes: Partial<CoronalView> = {}): CoronalView {
  return {
    simulated: true,
    size_px: [190, 120],
    across: axis({ from: -19 }),
    along: axis({ cell: 0.35, relative_error: 0.25 }),
    depth: 15.25,
    deepest: 33,
    lesions: [],
    path: [
      [0, 0],
      [1, 24],
    ],
    turned_back: [],
    newest: [
      [-19, 24],
      [19, 24],
    ],
    unfit: null,
    ...changes,
  };
}

describe("the coronal view on its canvas", () => {
  it("keeps a millimetre as long down as across, and fits", () => {
    const fit = fitCoronal(view(), [560, 440]);
    expect(fit.scale[0]).toBeCloseTo(fit.scale[1], 9);
    expect(fit.width / fit.height).toBeCloseTo(38 / 24, 6);
    expect(placed(fit, [-19, 0])).toEqual([fit.left, fit.top]);
    const [right, bottom] = placed(fit, [19, 24]);
    expect(right).toBeLessThanOrEqual(560);
    expect(bottom).toBeLessThanOrEqual(440 - 20);
  });
  it("fills the room with frames, which have no length", () => {
    const frames = view({ along: axis({ unit: "frames", per_px: 1 }), size_px: [160, 30] });
    const fit = fitCoronal(frames, [560, 440]);
    expect(fit.height).toBeCloseTo(440 - 40, 6);
    expect(fit.width).toBeLessThanOrEqual(560 - 44);
  });
  it("has bars of 1, 2 or 5 times a power of ten", () => {
    expect([barUnits(10, 250), barUnits(10, 90), barUnits(3, 10), barUnits(0.5, 200)]).toEqual([20, 5, 2, 200]);
  });
});

describe("what a coronal view says", () => {
  it("gives each axis its error, the simulated one marked as about", () => {
    const { across, along, deep } = extents(view(), lesion(1));
    expect(across.replaceAll("\u202f", " ")).toBe("12 ± 0.3 mm");
    expect(along.replaceAll("\u202f", " ")).toBe("≈10 ± 3 mm");
    expect(deep.replaceAll("\u202f", " ")).toBe("8 ± 0.3 mm");
    expect(wayText(view()).replaceAll("\u202f", " ")).toBe("≈24 ± 6 mm");
  });
  it("gives no millimetre where nobody knows any", () => {
    const unscaled = view({ across: axis({ unit: "px" }), along: axis({ unit: "frames" }), depth: 151.4 });
    expect(wayText(unscaled)).toBe("–");
    expect(depthText(unscaled)).toBe("151\u202fpx");
    expect(depthText(view())).toBe("15.3\u202fmm");
  });
  it("cuts what reaches the depth and is not struck out, the chosen one on top", () => {
    const lesions = [lesion(1), lesion(2, { outline: [] }), lesion(3), lesion(4)];
    const cut = cutOutlines(view({ lesions }), 1, new Set([4]));
    expect(cut.map(({ track }) => track)).toEqual([3, 1]);
  });
  it("is asked for at a person's depth, else at a lesion's middle", () => {
    expect(coronalAddress("a/b", { depth: 12.5, lesion: 2 })).toBe("/api/exams/a%2Fb/coronal?depth=12.5");
    expect(coronalAddress("x", { depth: null, lesion: 2 })).toBe("/api/exams/x/coronal?lesion=2");
    expect(coronalAddress("x", { depth: null, lesion: null })).toBe("/api/exams/x/coronal");
  });
});
