import { describe, expect, it } from "vitest";
import type { CalibrationView, SweepView } from "../exam/api";
import { unfitText } from "../parts/CalibratePanel";
import { wordsIn } from "../words/words";
import { canKeep, fitCount, Turns } from "./calibration";

const sweep = (number: number, unfit: SweepView["unfit"] = null): SweepView => ({
  number,
  length_mm: 60,
  read_mm: unfit ? null : 59,
  unfit,
});
const view = (changes: Partial<CalibrationView>): CalibrationView => ({
  moved: null,
  moves: false,
  sweeps: [],
  wanted: 3,
  fitted: { relative_error: 0.26 },
  disagree: null,
  known: [],
  ...changes,
});
const TOO_FAST = { why: "too_fast", figure: 0.42 } as const;

describe("what sweeps make", () => {
  it("is kept once enough of them are fit and agree", () => {
    const three = [1, 2, 3].map((number) => sweep(number));
    expect(canKeep(view({ sweeps: three }))).toBe(true);
    expect(canKeep(view({ sweeps: three.slice(1) }))).toBe(false);
    expect(canKeep(view({ sweeps: three, fitted: null, disagree: { apart: 0.3, sweep: 2 } }))).toBe(false);
    const withUnfit = view({ sweeps: [...three.slice(1), sweep(4, TOO_FAST)] });
    expect([fitCount(withUnfit), canKeep(withUnfit)]).toEqual([2, false]);
  });
});

describe("why a sweep is unfit", () => {
  const WHYS = [
    "length",
    "no_frames",
    "scale_unknown",
    "scale_late",
    "scale_changed",
    "too_long",
    "too_short",
    "interrupted",
    "frames_lost",
    "too_fast",
    "too_few_frames",
    "too_slow",
    "too_few_patches",
    "turned_back",
    "moved_in_plane",
    "turned",
    "length_does_not_fit",
  ] as const satisfies readonly NonNullable<SweepView["unfit"]>["why"][];
  it.each(WHYS)("has words in both languages: %s", (why) => {
    for (const language of ["en", "zh"] as const) {
      expect(unfitText({ why, figure: 0.42 }, wordsIn(language))).not.toMatch(/[{}]|undefined|NaN/);
    }
  });
  it("says a share in percent and a length in millimetres", () => {
    expect(unfitText(TOO_FAST, wordsIn("en"))).toBe("Too fast on 42\u202f% of the way: slower");
    expect(unfitText({ why: "moved_in_plane", figure: 17.4 }, wordsIn("zh"))).toContain("17 mm");
  });
});

describe("which answer is news", () => {
  it("is a look's, unless an act was begun since or goes on beside it", () => {
    const turns = new Turns();
    const [before, beside] = [turns.look(), turns.look()];
    expect(before()).toBe(true);
    const act = turns.act();
    const meanwhile = turns.look();
    expect([beside(), act(), meanwhile()], "the act has the last word").toEqual([false, true, false]);
    expect(turns.look()()).toBe(true);
  });
  it("is the later of two looks and of two acts, in whatever order they come", () => {
    const turns = new Turns();
    const looks = [turns.look(), turns.look()];
    expect([looks[1]?.(), looks[0]?.()]).toEqual([true, false]);
    const acts = [turns.act(), turns.act()];
    expect([acts[1]?.(), turns.look()(), acts[0]?.(), turns.look()()]).toEqual([true, false, false, true]);
  });
});
