import { describe, expect, it } from "vitest";
import { type Beside, shownOf } from "./Turns";

const preview: Beside = { name: "study_preview", opened: false };
const doubts: Beside = { name: "doubts", opened: true };

describe("where a list and what stands beside it take turns", () => {
  it.each<[string, Parameters<typeof shownOf>, string]>([
    ["nothing beside it", [null, null], "list"],
    ["nothing beside it any more", [null, { of: "doubts", side: "beside" }], "list"],
    ["a preview that nobody asked for", [preview, null], "list"],
    ["a preview that is asked for", [preview, { of: "study_preview", side: "beside" }], "beside"],
    ["what was opened", [doubts, null], "beside"],
    ["the list, back from what was opened", [doubts, { of: "doubts", side: "list" }], "list"],
    [
      "what was opened, after the list was asked for beside another",
      [doubts, { of: "upload", side: "list" }],
      "beside",
    ],
    ["the preview, after another was closed", [preview, { of: "doubts", side: "beside" }], "list"],
  ])("is seen with %s", (_what, [beside, asked], expected) => {
    expect(shownOf(beside, asked)).toBe(expected);
  });
});
