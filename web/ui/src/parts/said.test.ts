/** What a person said of a lesion's category and size stands on the live page as theirs: solid, with a tick. */
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { LiveUpdate, TrackView } from "../api/wire";
import type { Grounds } from "../exam/api";
import type { Examination, Scene } from "../live/examination";
import { drawMarks, freshChip } from "../picture/marks";
import type { Theme } from "../picture/theme";
import { WordsContext, wordsIn } from "../words/words";
import { Lesions } from "./Lesions";

const GROUNDS: Grounds = { planes: 7, shown: 2, share: 0.62, marked: [] };
const track = (changes: Partial<TrackView>): TrackView => ({
  id: 1,
  letter: "A",
  status: "seen",
  dismissed: false,
  place: null,
  may_be: null,
  box_px: [40, 40, 80, 70],
  contour_px: null,
  malignancy: 0.3,
  malignancy_95: [0.2, 0.4],
  birads: "4B",
  birads_said: false,
  descriptors: [],
  size_mm: { long: 10.4, short: 9.1 },
  size_px: null,
  size_said: false,
  sightings: 9,
  third: null,
  grounds: GROUNDS,
  ...changes,
});
const SAID = { birads: "2", birads_said: true, size_mm: { long: 14, short: 12 }, size_said: true } as const;
const NOT_ASSESSED = { birads: null, birads_said: true, size_mm: null, size_said: true } as const;

describe("a row of the lesions", () => {
  const row = (changes: Partial<TrackView>, language: "en" | "zh" = "en"): string => {
    const update = { tracks: [track(changes)], volume: { tracks: [] } };
    const scene = { update, current: 1, watching: false } as unknown as Scene;
    const list = createElement(Lesions, { scene, beyond: 0, examination: {} as Examination });
    return renderToStaticMarkup(createElement(WordsContext, { value: wordsIn(language) }, list));
  };
  const kinds = (markup: string): readonly string[] =>
    [...markup.matchAll(/<span class="(category [^"]*|size[^"]*)"[^>]*>(<svg)?/g)].map(
      ([, kind, tick]) => `${kind}${tick ? ", ticked" : ""}`,
    );
  const cells = (markup: string): readonly string[] =>
    [...markup.matchAll(/<td>([^<]*)<\/td>/g)].slice(1, 3).map(([, cell]) => cell ?? "");
  it("is dashed as the machine proposes it", () => {
    expect(kinds(row({}))).toEqual(["size", "category c4B proposed"]);
    expect(cells(row({}))).toEqual(["10 × 9\u202fmm", "4B, by machine"]);
  });
  it("is solid with a tick as a person says it", () => {
    expect(kinds(row(SAID))).toEqual(["size said, ticked", "category c2 said, ticked"]);
    expect(cells(row(SAID))).toEqual(["14 × 12\u202fmm, by a person", "2, by a person"]);
    expect(cells(row(SAID, "zh"))).toEqual(["14 × 12\u202fmm，人工确认", "2，人工确认"]);
  });
  it("says what a person did not assess as that, and not as what is not measured yet", () => {
    expect(kinds(row(NOT_ASSESSED))).toEqual(["size said, ticked", "category none said, ticked"]);
    expect(cells(row(NOT_ASSESSED))).toEqual(["not assessed, by a person", "not assessed, by a person"]);
    expect(cells(row({ birads: null, size_mm: null }))).toEqual(["not measured", "not graded"]);
  });
  it("names no ground of the machine's for a person's category", () => {
    expect(row({ birads: "2" })).toContain("simple cyst");
    expect(row(SAID)).not.toContain("simple cyst");
    expect(row(SAID)).toContain("The grade rests on 7 pictures");
  });
});

describe("the chip on the picture", () => {
  /** What was written, and how what stands around the category is dashed. */
  const drawn = (
    changes: Partial<TrackView>,
  ): { readonly texts: readonly string[]; readonly dashes: readonly string[] } => {
    const texts: string[] = [];
    const dashes: string[] = [];
    const pen = new Proxy(
      {
        fillText: (text: string) => texts.push(text),
        setLineDash: (dash: readonly number[]) => dashes.push(dash.join(" ")),
        measureText: (text: string) => ({ width: text.length * 7 }),
      } as Record<string | symbol, unknown>,
      { get: (target, name) => target[name] ?? (() => undefined), set: () => true },
    ) as unknown as CanvasRenderingContext2D;
    const update = {
      tracks: [track(changes)],
      // What this frame alone shows, larger than what a person said.
      findings: [{ track: 1, size_mm: { long: 22, short: 20 }, size_px: null }],
      truth: null,
      mm_per_px: [0.1, 0.1],
    } as unknown as LiveUpdate;
    const fit = { left: 0, top: 0, width: 640, height: 480, scale: 1 } as never;
    const theme = { rem: 14 } as unknown as Theme;
    drawMarks(pen, update, { fit, theme, words: wordsIn("en"), current: 1, now: 1000 }, freshChip());
    return { texts, dashes: dashes.filter((dash) => dash !== "") };
  };
  it("is dashed with the size of the frame as the machine proposes it", () => {
    expect(drawn({})).toEqual({ texts: expect.arrayContaining(["A", "4B", "22 × 20\u202fmm"]), dashes: ["3 3"] });
  });
  it("is solid with a person's own category and size", () => {
    expect(drawn(SAID)).toEqual({ texts: expect.arrayContaining(["A", "2", "14 × 12\u202fmm"]), dashes: [] });
    expect(drawn(NOT_ASSESSED)).toEqual({ texts: expect.arrayContaining(["A", "–", "not assessed"]), dashes: [] });
  });
});
