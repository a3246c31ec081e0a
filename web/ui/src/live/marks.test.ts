import { describe, expect, it } from "vitest";
import { marksIn } from "./marks";

describe("the distance of the marks", () => {
  it("is the one that was written in this examination", () => {
    const kept = JSON.stringify({ exam: "a", written: "40.0" });
    expect(marksIn(kept, "a")).toBe("40.0");
    expect(marksIn(kept, "b")).toBeNull();
    for (const broken of [null, "", "{", "null", "[]", '{"exam":"a"}', '{"exam":"a","written":40}']) {
      expect(marksIn(broken, "a")).toBeNull();
    }
  });
});
