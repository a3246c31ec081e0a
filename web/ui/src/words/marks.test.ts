import { describe, expect, it } from "vitest";
import { sentences } from "./marks";

describe("sentences that are read out", () => {
  it("end as those of their language do, and once", () => {
    expect(sentences(["比例未知：仅以像素表示", "按 E 键输入深度。"], "zh")).toBe(
      "比例未知：仅以像素表示。按 E 键输入深度。",
    );
    expect(sentences(["扫查放慢", ""], "zh")).toBe("扫查放慢。");
    expect(sentences(["Sweep more slowly", "Is it on?", "It goes on"], "en")).toBe(
      "Sweep more slowly. Is it on? It goes on.",
    );
    expect(sentences([], "en")).toBe("");
  });
});
