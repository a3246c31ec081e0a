import { describe, expect, it } from "vitest";
import { following } from "./follow";

describe("the lines of the current lesion", () => {
  const window = { top: 100, height: 80 };
  it.each<[string, number, number, number | null]>([
    ["stay where they are seen", 110, 160, null],
    ["come up from below, whole", 200, 240, 172],
    ["come down from above", 20, 60, 20],
    ["are not left under the fade of the last line", 130, 175, 107],
    ["begin at their first where not all fit", 150, 300, 150],
    ["begin at their first where not all fit, and they are seen in part", 120, 300, 120],
  ])("%s", (_, from, to, top) => {
    expect(following(window, { from, to })).toBe(top);
  });
});
