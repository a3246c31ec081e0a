import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepStood, stoodHere } from "./stood";

describe("how this tab stood to an examination", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => kept.set(key, text),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("is there for the page that comes after this one, and for that examination alone", () => {
    expect(stoodHere("7")).toBeNull();
    keepStood("7", "commanding");
    expect([stoodHere("7"), stoodHere("8"), stoodHere(null)]).toEqual(["commanding", null, null]);
    keepStood("7", "watching");
    expect(stoodHere("7")).toBe("watching");
  });

  it("is unknown where nothing can be kept", () => {
    vi.stubGlobal("sessionStorage", undefined);
    keepStood("7", "commanding");
    expect(stoodHere("7")).toBeNull();
  });
});
