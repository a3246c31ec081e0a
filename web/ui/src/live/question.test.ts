import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { TrackView } from "../api/wire";
import type { LesionReport, Place } from "../exam/api";
import { PlaceQuestion } from "../parts/PlaceQuestion";
import { WordsContext, wordsIn } from "../words/words";
import { type Question, questionOf } from "./question";

const place = (side: Place["side"], clock: string | null): Place => ({
  side,
  clock,
  from_nipple_mm: clock ? 40 : null,
});
const track = (id: number, rest: Partial<TrackView> = {}): TrackView =>
  ({ id, letter: "A", dismissed: false, status: "seen", ...rest }) as TrackView;
const lesion = (number: number, said: Place | null, dismissed = false): LesionReport =>
  ({ lesion: number, letter: "A", dismissed, place: { proposed: said, said: null } }) as unknown as LesionReport;

const RIGHT = place("right", null);
const AT = place("right", "10:30");

describe("what is asked of the place", () => {
  const check = (facts: Partial<Parameters<typeof questionOf>[0]>, asks: Question["asks"] | null): void => {
    const asked = questionOf({ tracks: [], lesions: [], probe: null, sideOnly: null, ...facts });
    expect(asked?.asks ?? null).toBe(asks);
  };
  it("the side, from the first picture on", () => {
    check({}, "side");
    check({ tracks: [track(1)], lesions: [lesion(1, null)] }, "side");
  });
  it("the hour, once a lesion is confirmed", () => {
    check({ probe: RIGHT }, null);
    check({ probe: RIGHT, tracks: [track(1, { letter: null })] }, null);
    check({ probe: RIGHT, tracks: [track(1, { dismissed: true })] }, null);
    check({ probe: RIGHT, tracks: [track(1)] }, "hour");
  });
  it("not the hour where a person said that the side is all, and again on the other breast", () => {
    check({ probe: RIGHT, sideOnly: "right", tracks: [track(1)] }, null);
    check({ probe: place("left", null), sideOnly: "right", tracks: [track(1)] }, "hour");
  });
  it("whether a lesion in the picture that was confirmed too early is here", () => {
    check({ probe: AT, tracks: [track(1)], lesions: [lesion(1, null)] }, "here");
    check({ probe: RIGHT, sideOnly: "right", tracks: [track(1)], lesions: [lesion(1, null)] }, "here");
    check({ probe: AT, tracks: [track(1, { status: "left" })], lesions: [lesion(1, null)] }, null);
    check({ probe: AT, tracks: [track(1)], lesions: [lesion(1, null, true)] }, null);
    check({ probe: AT, tracks: [track(1)], lesions: [lesion(1, place("left", "3:00"))] }, null);
    check({ probe: AT, tracks: [track(1)] }, null);
  });
  it("and where only its hour is missing, which would stand in the way of a signature", () => {
    const onSide = { tracks: [track(1)], lesions: [lesion(1, RIGHT)] };
    check({ ...onSide, probe: AT }, "here");
    check({ ...onSide, probe: RIGHT, sideOnly: "right" }, null);
    check({ ...onSide, probe: place("left", "3:00") }, null);
    check({ ...onSide, probe: AT, tracks: [track(1, { status: "left" })] }, null);
    check({ ...onSide, probe: AT, lesions: [lesion(1, AT)] }, null);
  });
});

describe("the question in words", () => {
  const said = (question: Question, language: "en" | "zh"): string => {
    const none = (): void => undefined;
    const props = { question, onSide: none, onMap: none, onHere: none };
    const page = createElement(WordsContext, { value: wordsIn(language) }, createElement(PlaceQuestion, props));
    return renderToStaticMarkup(page)
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ")
      .trim();
  };
  it.each([
    [{ asks: "side" }, "Which breast? Right Left S", "哪一侧？ 右 左 S"],
    [{ asks: "hour" }, "Which hour? On the map M", "几点钟位置？ 在图上选 M"],
    [
      { asks: "here", lesion: 1, letter: "A", place: AT },
      "Is A here? Right 10:30, 4 cm",
      "A 在此处？ 右 10:30，距乳头 4 cm",
    ],
  ] as const)("%j", (question, en, zh) => {
    expect(said(question, "en")).toBe(en);
    expect(said(question, "zh")).toBe(zh);
  });
});
