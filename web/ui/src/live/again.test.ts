import { describe, expect, it } from "vitest";
import type { TrackView } from "../api/wire";
import { wordsIn } from "../words/words";
import { askedOf, joining, keepingApart } from "./again";

const track = (id: number, letter: string | null, of: number | null, dismissed = false): TrackView =>
  ({ id, letter, dismissed, may_be: of === null ? null : { lesion: of, letter: "A" } }) as TrackView;
const asked = (tracks: readonly TrackView[], current: number | null): number | undefined =>
  askedOf(tracks, current)?.id;

describe("whether a lesion is an earlier one again", () => {
  const tracks = [track(1, "A", null), track(4, "D", 1), track(5, "E", 1)];
  it("is asked of the current lesion first, else of the first by letter", () => {
    expect(asked(tracks, 5)).toBe(5);
    expect(asked(tracks, 1)).toBe(4);
    expect(asked(tracks, null)).toBe(4);
  });
  it("is asked of none that was struck out, and of nobody where nothing was proposed", () => {
    expect(asked([track(1, "A", null), track(4, "D", 1, true)], 4)).toBeUndefined();
    expect(asked([track(1, "A", null)], 1)).toBeUndefined();
  });
  it("is answered for the lesion that is asked of and the one that it may be", () => {
    const of = askedOf(tracks, 5);
    expect(of && joining(of)).toEqual({ command: "join", track: 5, into: 1 });
    expect(of && keepingApart(of)).toEqual({ command: "keep_apart", track: 5, from: 1 });
  });
  it("is asked in one line", () => {
    const line = (language: "en" | "zh"): string => wordsIn(language).say("may_be_again", { letter: "A" });
    expect([line("en"), line("zh")]).toEqual(["May be A again", "可能即 A"]);
  });
});
