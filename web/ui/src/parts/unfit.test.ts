import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Unfit } from "../api/wire";
import { WordsContext, wordsIn } from "../words/words";
import { UnfitNote } from "./ThirdDimension";

describe("why there are no lengths along the sweep", () => {
  const said = (unfit: Unfit, language: "en" | "zh", brief = false): readonly string[] => {
    const note = createElement(UnfitNote, { unfit, brief });
    const html = renderToStaticMarkup(createElement(WordsContext, { value: wordsIn(language) }, note));
    return [...html.matchAll(/<p[^>]*>([^<]*)/g)].map(([, text]) => text ?? "");
  };
  it("comes with what to do about it, where a person can", () => {
    expect(said("not_calibrated", "en")).toEqual([
      "Sweep unfit: this probe is not calibrated",
      "Calibrate it with three sweeps (L).",
    ]);
    expect(said("not_calibrated", "zh", true)).toEqual(["未校准：仅有切面内长度", "请校准：扫查三次（L）"]);
    expect(said("scale_unknown", "en", true)[1]).toMatch(/key E/);
    expect(said("too_fast", "en")).toEqual(["Sweep unfit: too fast"]);
    expect(said("too_few_frames", "zh")).toEqual(["本次扫查不适用：帧数不足"]);
  });
});
