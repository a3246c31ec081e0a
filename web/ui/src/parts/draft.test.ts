import { describe, expect, it } from "vitest";
import type { LiveUpdate, TrackView } from "../api/wire";
import type { Scene } from "../live/examination";
import { type Language, wordsIn } from "../words/words";
import { draftOf } from "./draft";

const LESION = {
  id: 1,
  letter: "A",
  dismissed: false,
  malignancy: 0.62,
  malignancy_95: [0.48, 0.75],
  birads: "4C",
  descriptors: [],
  size_mm: { long: 10.4, short: 9.4 },
  size_px: null,
} as unknown as TrackView;

const SOLID = { track: 1, letter: "A", slices_mm: [], volume_cm3: 0.5, relative_error: 0.2, along_mm: 10 };

function draft(tracks: readonly TrackView[], changes: object = {}, language: Language = "en"): readonly string[] {
  const update = {
    tracks,
    state: { side: "left" },
    mm_per_px: [0.1, 0.1],
    volume: { unfit: null, tracks: [SOLID] },
    ...changes,
  } as unknown as LiveUpdate;
  const scene = { update, hello: null, current: 1 } as unknown as Scene;
  return draftOf(scene, wordsIn(language)).map((line) =>
    line.pieces.map(({ words, proposed }) => (proposed ? `[${words}]` : words)).join(""),
  );
}

describe("the draft", () => {
  it("says nothing at all where no lesion is confirmed: no mark is no finding", () => {
    expect(draft([])).toEqual([]);
    expect(draft([{ ...LESION, letter: null }])).toEqual([]);
    expect(draft([{ ...LESION, dismissed: true }])).toEqual([]);
  });

  it("marks each of the machine's words, and the third axis with error and word", () => {
    expect(draft([LESION])).toEqual([
      "Left breast",
      "A: [lesion], [10 × 9\u202fmm]; [third axis ≈10 ± 2 mm, simulated], [volume 0.50\u202fcm³ ± 20\u202f%, simulated]. [BI-RADS 4C.]",
      "Advice",
      "[A: tissue sample.]",
      "Limits",
      "Sizes along the sweep are simulated from speckle.",
    ]);
  });

  it("is whole in Chinese", () => {
    expect(draft([LESION], {}, "zh")[1]).toBe(
      "A：[病灶]，[10 × 9\u202fmm]；[第三径 ≈10 ± 2 mm（模拟）]，[体积 0.50\u202fcm³ ± 20%（模拟）]。[BI-RADS 4C类。]",
    );
  });

  it("puts the lexicon's words where the sentence of each language has them", () => {
    const said = (feature: string, word: string) => ({ feature, word, probability: 0.8 });
    const descriptors = [
      said("shape", "irregular"),
      said("orientation", "not_parallel"),
      said("margin", "indistinct"),
      said("margin", "spiculated"),
      said("echo", "hypoechoic"),
      said("posterior", "shadowing"),
      said("boundary", "halo"),
    ];
    const lesion = { ...LESION, descriptors } as unknown as TrackView;
    expect(draft([lesion], { volume: { unfit: null, tracks: [] } })[1]).toBe(
      "A: [irregular hypoechoic lesion], [10 × 9\u202fmm], [not parallel], [margin indistinct, spiculated], " +
        "[posterior shadowing], [echogenic halo]. [BI-RADS 4C.]",
    );
    expect(draft([lesion], { volume: { unfit: null, tracks: [] } }, "zh")[1]).toBe(
      "A：[低回声病灶]，[10 × 9\u202fmm]，[不规则形]，[不平行]，[边缘模糊、毛刺]，[后方声影]，[高回声晕]。[BI-RADS 4C类。]",
    );
  });

  it("prints only slots that have a value", () => {
    const bare = { ...LESION, size_mm: null, birads: null };
    expect(draft([bare], { volume: { unfit: "too_fast", tracks: [] } })).toEqual([
      "Left breast",
      "A: [lesion]. ",
      "Limits",
      "No third axis: too fast.",
    ]);
  });

  it("gives no category and no advice where the interval is too wide", () => {
    const lines = draft([{ ...LESION, malignancy_95: [0.1, 0.9] }]);
    expect(lines[1]).toContain("[Category unsure.]");
    expect(lines.join()).not.toMatch(/BI-RADS|sample/);
  });

  it("says that the scale is unknown where sizes are pixels", () => {
    const lines = draft([{ ...LESION, size_mm: null, size_px: { long: 174, short: 158 } }], {
      mm_per_px: null,
      volume: { unfit: "scale_unknown", tracks: [] },
    });
    expect(lines[1]).toBe("A: [lesion], [174 × 158\u202fpx (scale unknown)]. [BI-RADS 4C.]");
    expect(lines).toContain("Scale unknown: sizes are in pixels.");
  });

  it("puts the most suspicious first", () => {
    const lines = draft([
      { ...LESION, malignancy: 0.1 },
      { ...LESION, id: 2, letter: "B", malignancy: 0.9 },
    ]);
    expect(lines[1]?.startsWith("B")).toBe(true);
  });
});
