import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Report } from "../exam/api";
import { hoursNamed, scannedStrips } from "../review/mapped";
import { WordsContext, wordsIn } from "../words/words";
import { BreastMap, dotsOf, type MapLesion } from "./BreastMap";
import { DRAWING } from "./geometry";
import { PressedMap } from "./PressedMap";

const drawn = (props: Parameters<typeof BreastMap>[0], language: "en" | "zh" = "en"): string =>
  renderToStaticMarkup(createElement(WordsContext, { value: wordsIn(language) }, createElement(BreastMap, props)));
const texts = (svg: string): readonly string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text ?? "");
const breasts = (right: number | null, left: number | null): Report =>
  ({
    breasts: [
      { side: "right", coverage: right },
      { side: "left", coverage: left },
    ],
  }) as unknown as Report;

describe("the hours that were named", () => {
  it("are hours of twelve, and left out where none was", () => {
    expect(hoursNamed(breasts(5 / 12, null))).toEqual({ right: 5 });
    expect(hoursNamed(breasts(Math.fround(1 / 12), 1))).toEqual({ right: 1, left: 12 });
  });
  it("stand under the large map as what they are, never as a percentage", () => {
    const large = (language: "en" | "zh"): readonly string[] =>
      texts(drawn({ lesions: [], named: { right: 5 }, large: true }, language));
    expect(large("en")).toEqual(expect.arrayContaining(["places named: 5 of 12", "no place named"]));
    expect(large("zh")).toEqual(expect.arrayContaining(["已标记部位 5/12", "未标记部位"]));
    expect(large("en").join()).not.toMatch(/%|coverage/);
    expect(texts(drawn({ lesions: [], named: { right: 5 } })).join()).not.toMatch(/[%/]/);
  });
});

describe("what was scanned", () => {
  it("is drawn around each place that was said, on its breast", () => {
    const at = (clock: string | null, from_nipple_mm: number | null) => ({
      place: { side: "left", clock, from_nipple_mm },
      seconds: 4,
    });
    const report = {
      breasts: [{ side: "right" }, { side: "left", scanned_at: [at("3:00", 40), at("9:00", null), at(null, null)] }],
    } as unknown as Report;
    const strips = scannedStrips(report);
    expect(strips).toEqual([
      {
        side: "left",
        x_mm: [expect.closeTo(20), expect.closeTo(60)],
        y_mm: [expect.closeTo(-15), expect.closeTo(15)],
      },
    ]);
    const svg = drawn({ lesions: [], named: {}, strips });
    expect(svg.match(/class="map-strip"/g)).toHaveLength(1);
    // Three o'clock is to the viewer's right of the nipple.
    expect(Number(svg.match(/map-strip" x="([\d.]+)"/)?.[1])).toBeGreaterThan(DRAWING.centreX.left);
  });
});

describe("the rings of the large map", () => {
  it("say their centimetres aside of the hours: six of them are not taken for six o'clock", () => {
    const svg = drawn({ lesions: [], named: {}, large: true });
    const figures = [...svg.matchAll(/<text class="map-figure" x="([\d.]+)"[^>]*>([^<]*)/g)];
    const across = (text: string): readonly number[] =>
      figures.filter(([, , said]) => said === text).map(([, x]) => Math.round(Number(x)));
    expect([across("6"), across("6\u202fcm")].map(({ length }) => length)).toEqual([2, 2]);
    for (const x of across("6\u202fcm")) {
      expect(Math.min(...across("6").map((hour) => Math.abs(hour - x)))).toBeGreaterThan(15);
    }
  });
});

describe("dots", () => {
  const at = { side: "left", clock: "3:00", from_nipple_mm: 40 } as const;
  const lesions = (count: number, place: MapLesion["place"]): readonly MapLesion[] =>
    [..."ABCDEFGH"].slice(0, count).map((letter) => ({ letter, place, current: letter === "F" }));
  const dots = (svg: string): readonly string[] =>
    [...svg.matchAll(/class="map-dot[^"]*"(.*?)<\/g>/g)].map(([, dot]) => texts(dot ?? "")[0] ?? "");
  it("at one place are all there, each with a line to where it lies", () => {
    const svg = drawn({ lesions: lesions(5, at), named: {} });
    expect(dots(svg)).toEqual(["A", "B", "C", "D", "E"]);
    expect(svg.match(/map-leader/g)?.length).toBeGreaterThanOrEqual(4);
    expect(drawn({ lesions: lesions(1, at), named: {} })).not.toContain("map-leader");
  });
  it("at one place can each be pressed: no button lies over another", () => {
    const REPORT_PX = 470;
    const BUTTON_PX = 26;
    const { placed } = dotsOf(lesions(8, at), true);
    const px = placed.map(
      ({ dot: [x, y] }) => [(x * REPORT_PX) / DRAWING.width, (y * REPORT_PX) / DRAWING.width] as const,
    );
    for (const [index, [x, y]] of px.entries()) {
      for (const [ox, oy] of px.slice(index + 1)) {
        expect(Math.hypot(x - ox, y - oy)).toBeGreaterThan(BUTTON_PX - 0.5);
      }
    }
    const pressed = createElement(PressedMap, { lesions: lesions(8, at), named: {}, large: true, onLesion: () => {} });
    const markup = renderToStaticMarkup(createElement(WordsContext, { value: wordsIn("zh") }, pressed));
    expect([...markup.matchAll(/data-letter="(.)"/g)].map(([, letter]) => letter)).toEqual([..."ABCDEFGH"]);
  });
  it("that have no room stand in a list behind their number", () => {
    const map = { lesions: lesions(8, null), named: {}, large: true, onLesion: () => {} };
    const markup = renderToStaticMarkup(
      createElement(WordsContext, { value: wordsIn("en") }, createElement(PressedMap, map)),
    );
    expect([...markup.matchAll(/data-letter="(.)"/g)].map(([, letter]) => letter)).toEqual([..."FABCDEGH"]);
    const [, opens] =
      /data-action="more-lesions" aria-label="6 more lesions without a place"[^>]*popoverTarget="([^"]+)"/i.exec(
        markup,
      ) ?? [];
    expect(markup).toContain(`id="${opens}" popover="auto"`);
  });
  it("without a place lie over no word of the large map, in either language", () => {
    // Of the widest letters of the page's font: no word is wider.
    const WIDEST = { en: 0.6, zh: 1 } as const;
    const { waits, more } = dotsOf(lesions(8, null), true);
    const { waits: three } = dotsOf(lesions(3, null), true);
    const radius = 13 * 0.62;
    for (const language of ["en", "zh"] as const) {
      const svg = drawn({ lesions: lesions(8, null), named: { right: 12, left: 12 }, large: true }, language);
      const words = [
        ...svg.matchAll(/<text class="map-(?:label|figure)" x="([\d.]+)" y="([\d.]+)" font-size="10">([^<]*)/g),
      ].map(([, x, y, text = ""]) => ({ x: Number(x), y: Number(y), half: (text.length * 10 * WIDEST[language]) / 2 }));
      expect(words.length).toBeGreaterThan(10);
      for (const [x, y] of [...waits, ...three].map(({ dot }) => dot).concat([more])) {
        const covered = words.filter(
          (word) => Math.abs(x - word.x) < word.half + radius && y + radius > word.y - 7.5 && y - radius < word.y + 2.5,
        );
        expect(covered).toEqual([]);
      }
    }
  });
  it("without a place wait under the map, the current one first and those beyond counted", () => {
    expect(dots(drawn({ lesions: lesions(3, null), named: {} }))).toEqual(["A", "B", "C"]);
    expect(dots(drawn({ lesions: lesions(8, null), named: {} }))).toEqual(["F", "A", "+6"]);
  });
});
