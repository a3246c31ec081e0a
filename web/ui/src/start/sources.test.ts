import { describe, expect, it } from "vitest";
import { sourcesFor } from "./sources";

describe("the sources of a new examination", () => {
  it.each([
    ["the program's own first, where it has one", { kind: "device", name: "OpenIGTLink" }, "usual", 3],
    ["a phantom of the program as well", { kind: "phantom", name: "virtual transducer" }, "usual", 3],
    ["no second word for the capture of a page", { kind: "capture", name: "capture" }, "capture", 2],
    ["everything, where the program does not say", null, "capture", 3],
  ] as const)("are %s", (_, usual, first, count) => {
    const sources = sourcesFor(usual);
    expect([sources.first, sources.choices.length]).toEqual([first, count]);
    expect(sources.choices[0]).toBe(first);
  });
});
