import { describe, expect, it } from "vitest";
import type { CalibrationRecord, CoronalView, TrackView, TrackVolume } from "../api/wire";
import { wayText } from "../picture/coronalText";
import { wordsIn } from "../words/words";
import { basisText, growthOf, liveSize, pathText } from "./third";

const MEASURED: CalibrationRecord = { probe: "L12-5", preset: "Breast", made: "2026-11-02", relative_error: 0.2 };
const [en, zh] = [wordsIn("en"), wordsIn("zh")];

const track = (changes: Partial<TrackView>): TrackView =>
  ({
    status: "seen",
    size_mm: { long: 10.4, short: 9.1 },
    size_px: null,
    third: null,
    size_said: false,
    ...changes,
  }) as TrackView;
const solid = (along_mm: number): TrackVolume =>
  ({ track: 1, letter: "A", slices_mm: [], volume_cm3: 0.5, relative_error: 0.2, along_mm }) as TrackVolume;
const third = { extent: 9.8, error: 1.96, simulated: true };

describe("the third axis of a live lesion", () => {
  it("is marked as long as the lesion grows, and is what the report has once both ends were met", () => {
    expect(liveSize(track({}), solid(7.2), en)).toBe("10 × 9 × ≈7 ± 1…\u202fmm sim");
    expect(liveSize(track({ third }), solid(11), en)).toBe("10 × 9 × ≈10 ± 2\u202fmm sim");
    expect(liveSize(track({ third }), undefined, zh)).toBe("10 × 9 × ≈10 ± 2\u202fmm 模拟");
  });
  it("is none where the lesion left before both ends were met, without a solid, and in pixels", () => {
    expect(liveSize(track({ status: "left" }), solid(7.2), en)).toBe("10 × 9\u202fmm");
    expect(liveSize(track({}), undefined, en)).toBe("10 × 9\u202fmm");
    const px = track({ size_mm: null, size_px: { long: 104, short: 91 } });
    expect(liveSize(px, solid(7.2), en)).toBe("104 × 91\u202fpx");
  });
  it("is what a person said, and nothing grows behind it", () => {
    const measured = { extent: 8, error: null, simulated: false };
    expect(liveSize(track({ size_said: true }), solid(7.2), en)).toBe("10 × 9\u202fmm");
    expect(liveSize(track({ size_said: true, third: measured }), solid(7.2), en)).toBe("10 × 9 × 8\u202fmm");
    expect(liveSize(track({ size_said: true, third }), solid(7.2), en)).toBe("10 × 9 × ≈10 ± 2\u202fmm sim");
    expect(liveSize(track({ size_said: true, size_mm: null }), undefined, zh)).toBe("未评估");
  });
  it("says where it stands", () => {
    expect(growthOf(track({ third }), solid(9))).toBe("whole");
    expect(growthOf(track({}), solid(9))).toBe("grows");
    expect(growthOf(track({ status: "predicted" }), solid(9))).toBe("grows");
    expect(growthOf(track({ status: "left" }), solid(9))).toBe("cut");
    expect(growthOf(track({}), undefined)).toBe("none");
  });
});

describe("how far the probe has gone", () => {
  it("is simulated, and says so with its error as the coronal view does", () => {
    const calibration = { ...MEASURED, relative_error: 0.26 };
    expect(pathText({ path_mm: 226.6, calibration })).toBe("≈227 ± 59\u202fmm");
    const view = {
      along: { unit: "mm", relative_error: 0.26 },
      path: [
        [0, 0],
        [1, 226.6],
      ],
    };
    expect(pathText({ path_mm: 226.6, calibration })).toBe(wayText(view as unknown as CoronalView));
    expect(pathText({ path_mm: 0, calibration })).toBe("≈0.0 ± 0.1\u202fmm");
    expect([pathText({ path_mm: null, calibration }), pathText({ path_mm: 3, calibration: null })]).toEqual(["–", "–"]);
  });
});

describe("what lengths along the sweep rest on", () => {
  it("names probe, preset, day and error", () => {
    const volume = { calibration: MEASURED, unfit: "too_fast" as const };
    expect(basisText(volume, en)).toBe("Calibration: L12-5, Breast, 2026-11-02 · ±\u202f20\u202f%");
    expect(basisText(volume, zh)).toBe("校准：L12-5, Breast, 2026-11-02 · ±20%");
  });
  it("is known of the virtual transducer, whose beam nobody measured", () => {
    const volume = { calibration: { ...MEASURED, made: "" }, unfit: null };
    expect([basisText(volume, en), basisText(volume, zh)]).toEqual([
      "Beam known: virtual transducer",
      "声束已知：虚拟探头",
    ]);
  });
  it("is nothing, said plainly, without a calibration or a scale", () => {
    expect(basisText({ calibration: null, unfit: "not_calibrated" }, en)).toBe("In-plane lengths only");
    expect(basisText({ calibration: null, unfit: "scale_unknown" }, zh)).toBe("仅有切面内长度（像素）");
    expect(basisText({ calibration: null, unfit: null }, en)).toBeNull();
  });
});
