import { describe, expect, it } from "vitest";
import { birthBounds, birthFault } from "./birth";

const NOW = new Date(2026, 10, 26, 23, 59);

describe("birth dates", () => {
  it.each([
    ["", null],
    ["1979-03-04", null],
    ["2026-11-26", null],
    ["2026-11-27", "birth_ahead"],
    ["2090-01-01", "birth_ahead"],
    ["1896-11-26", null],
    ["1896-11-25", "birth_long_ago"],
    ["1066-10-14", "birth_long_ago"],
    ["0012-01-01", "birth_long_ago"],
    // A browser's calendar goes that far.
    ["275760-09-13", "birth_ahead"],
  ])("%j: %j", (date, fault) => {
    expect(birthFault(date, NOW)).toBe(fault);
  });
  it("bound the browser's calendar", () => {
    expect(birthBounds(NOW)).toEqual({ min: "1896-11-26", max: "2026-11-26" });
  });
});
