import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { KnownCalibration } from "../exam/api";
import { WordsContext, wordsIn } from "../words/words";
import { ProbeChoice } from "./ProbeChoice";

const known = (probe: string, more: Partial<KnownCalibration> = {}): KnownCalibration => ({
  probe,
  preset: "breast",
  made: "2026-05-28",
  relative_error: 0.27,
  by: "li.na",
  used: false,
  chosen: null,
  ...more,
});
const shown = (all: readonly KnownCalibration[], language: "en" | "zh" = "en"): string => {
  const choice = createElement(ProbeChoice, { known: all, onUse: () => {} });
  return renderToStaticMarkup(createElement(WordsContext, { value: wordsIn(language) }, choice));
};

describe("the next examination's probe", () => {
  it("says who measured each and when, and who chose the one that is used", () => {
    const used = known("L9", { by: null, used: true, chosen: { by: "wang.fang", since: "2026-11-27" } });
    const html = shown([known("L12-5"), used]);
    const options = [...html.matchAll(/<option value="(-?\d)"( selected="")?>([^<]*)/g)];
    expect(options.map(([, value, selected, text]) => [value, Boolean(selected), text])).toEqual([
      ["-1", false, "none: no lengths along the sweep"],
      ["0", false, "L12-5, breast · 2026-05-28 · ±27\u202f% · li.na"],
      ["1", true, "L9, breast · 2026-05-28 · ±27\u202f%"],
    ]);
    expect(html).toContain("chosen by wang.fang on 2026-11-27");
    expect(shown([used], "zh")).toContain("wang.fang 选定，2026-11-27");
  });
  it("says the day alone where nobody has said a name, and is not there where none is kept", () => {
    const used = known("L9", { by: "report page", used: true, chosen: { by: "report page", since: "2026-11-27" } });
    expect(shown([used])).toContain(">chosen on 2026-11-27<");
    expect(shown([used])).not.toContain(" · report page");
    expect(shown([])).toBe("");
  });
});
