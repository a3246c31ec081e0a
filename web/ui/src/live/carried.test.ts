import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { carriedHere, carriedOf, carry } from "./carried";
import type { Called } from "./connection";

const left: Called = { command: { command: "set_side", side: "left" }, id: "1" };
const deep: Called = { command: { command: "set_depth", depth_mm: 40 }, id: "2" };
const struck: Called = { command: { command: "dismiss", track: 3 }, id: "3" };

describe("keys that were pressed while the program was away", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => kept.set(key, text),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("go on to another run where they mean the same, in their order; that others are gone is known", () => {
    expect(carriedOf([left, deep], "7", 0)).toEqual({ commands: [left, deep], exam: "7", lost: false });
    expect(carriedOf([left, struck, deep], "7", 0)).toEqual({ commands: [left, deep], exam: "7", lost: true });
    expect(carriedOf([left], "7", 2).lost).toBe(true);
  });

  it("are lost where it is not known which examination they were for", () => {
    expect(carriedOf([left], null, 0)).toEqual({ commands: [], exam: null, lost: true });
  });

  it("are there once for the next page, and not where there were none", () => {
    carry(carriedOf([], "7", 0));
    expect(carriedHere()).toBeNull();
    carry(carriedOf([left], "7", 0));
    expect([carriedHere(), carriedHere()]).toEqual([carriedOf([left], "7", 0), null]);
  });
});
