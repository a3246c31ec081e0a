import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { TrackView } from "../api/wire";
import { adviceOf } from "../parts/advice";
import { Lesions, ordered } from "../parts/Lesions";
import { WordsContext, wordsIn } from "../words/words";
import { type Answer, answering, isAsked, pressing } from "./again";
import type { Examination, Scene } from "./examination";

const track = (id: number, letter: string | null, of: number | null, dismissed = false): TrackView =>
  ({
    id,
    letter,
    dismissed,
    status: "left",
    place: null,
    size_mm: null,
    size_px: null,
    third: null,
    birads: null,
    birads_said: false,
    size_said: false,
    malignancy: null,
    malignancy_95: null,
    descriptors: [],
    grounds: null,
    may_be: of === null ? null : { lesion: of, letter: "A" },
  }) as unknown as TrackView;
const TRACKS = [track(1, "A", null), track(2, "B", null), track(4, "D", 1), track(5, "E", 1)];
const press = (current: number | null, answer: Answer = "again", inSight = true) =>
  pressing({ tracks: TRACKS, current, inSight }, answer);

describe("whether a lesion is an earlier one again", () => {
  it("is answered for the current lesion, and the earlier one is the one we talk of then", () => {
    expect(press(5)).toMatchObject({ command: { command: "join", track: 5, into: 1 }, current: 1 });
    expect(press(5, "another")).toMatchObject({ command: { command: "keep_apart", track: 5, from: 1 }, current: 5 });
  });
  it("is not answered by a key where it is not asked of the current lesion: the first press leads to the question", () => {
    for (const answer of ["again", "another"] as const) {
      expect(press(2, answer)).toMatchObject({ command: null, current: 4 });
      expect(press(null, answer)).toMatchObject({ command: null, current: 4 });
    }
  });
  it("is not answered by a key while the list is out of sight: the press leads to the question of the current lesion", () => {
    expect(press(5, "again", false)).toMatchObject({ command: null, current: 5 });
  });
  it("is asked of none that was struck out, and of nobody where nothing was proposed", () => {
    const none = (tracks: readonly TrackView[]) => pressing({ tracks, current: 4, inSight: true }, "again");
    expect(none([track(1, "A", null), track(4, "D", 1, true)])).toBeNull();
    expect(none([track(1, "A", null)])).toBeNull();
  });
  it("stands in the list right behind the current lesion, where it is in sight", () => {
    const letters = (current: number | null) => ordered(TRACKS, current).map(({ letter }) => letter);
    expect(letters(2)).toEqual(["B", "D", "E", "A"]);
    expect(letters(5)).toEqual(["E", "D", "A", "B"]);
  });
});

describe("the question in words", () => {
  const lines = (current: number, language: "en" | "zh"): readonly string[] => {
    const scene = { update: { tracks: TRACKS, volume: { tracks: [] } }, current, watching: false } as unknown as Scene;
    const list = createElement(Lesions, { scene, beyond: 0, examination: {} as Examination });
    const markup = renderToStaticMarkup(createElement(WordsContext, { value: wordsIn(language) }, list));
    return [...markup.matchAll(/<fieldset.*?<\/fieldset>/g)].map(([line]) =>
      line
        .replace(/<[^>]+>/g, " ")
        .replace(/\s+/g, " ")
        .trim(),
    );
  };
  it("is one line, with the keys where they answer it and no letter of a lesion among them", () => {
    const plain = "May be A again Same lesion Another one";
    expect(lines(4, "en")).toEqual(["May be A again Same lesion = Another one O", plain]);
    expect(lines(2, "en")).toEqual([plain, plain]);
    expect(lines(5, "zh")).toEqual(["可能即 A 同一病灶 = 另一病灶 O", "可能即 A 同一病灶 另一病灶"]);
  });
  it("is said, and what was answered, for a few seconds", () => {
    const said = (current: number, answer: Answer, language: "en" | "zh"): string => {
      const { notice } = press(current, answer) ?? {};
      const advice = adviceOf({ concern: "notice", notice, update: null } as unknown as Scene, wordsIn(language));
      return `${advice?.title} – ${advice?.detail}`;
    };
    expect(said(2, "again", "en")).toBe("D may be A again – = same lesion, O another one");
    expect(said(5, "again", "en")).toBe("E and A: the same lesion – Z takes it back");
    expect(said(5, "another", "en")).toBe("E and A: two lesions – Z takes it back");
    expect(said(2, "again", "zh")).toBe("D 可能即 A – 按 = 为同一病灶，按 O 为另一病灶");
    expect(said(5, "again", "zh")).toBe("E 与 A：同一病灶 – 按 Z 撤销");
    expect(said(5, "another", "zh")).toBe("E 与 A：两个病灶 – 按 Z 撤销");
  });
  it("is answered by a press on its line alone", () => {
    const [, , asked] = TRACKS;
    expect(asked && isAsked(asked) && answering(asked, "again").command).toEqual({
      command: "join",
      track: 4,
      into: 1,
    });
  });
});
