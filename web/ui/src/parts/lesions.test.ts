import { describe, expect, it } from "vitest";
import { reasonOf } from "./Lesions";

describe("why a lesion has its category", () => {
  it("is said of a 2, which no probability alone makes it", () => {
    expect(reasonOf({ birads: "2" })).toBe("simple_cyst");
    expect(reasonOf({ birads: "3" })).toBeNull();
    expect(reasonOf({ birads: null })).toBeNull();
  });
});
