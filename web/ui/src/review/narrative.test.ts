import { describe, expect, it } from "vitest";
import { unbroken } from "./Narrative";

describe("a category in a sentence", () => {
  it("is never broken over two lines", () => {
    expect(unbroken("分类：BI-RADS\u00a04C类，3类，此类")).toBe("分类：BI\u2011RADS\u00a04C\u2060类，3\u2060类，此类");
  });
});
