import { describe, expect, it } from "vitest";
import { type Me, mayDo, sessionOf } from "./session";

const me: Me = {
  name: "li",
  display: "Li Na",
  roles: ["coordinator"],
  sites: ["east"],
  may: ["read", "store"],
  has_password: true,
};

describe("a session", () => {
  it("is what the program says", () => {
    expect(sessionOf({ open: true, me: null })).toEqual({ kind: "open" });
    expect(sessionOf({ me: null })).toEqual({ kind: "nobody" });
    expect(sessionOf({ me })).toEqual({ kind: "somebody", me });
  });
  it("lets a person do what their roles may, and everybody everything where there are no accounts", () => {
    const somebody = sessionOf({ me });
    expect(mayDo(somebody, "read")).toBe(true);
    expect(mayDo(somebody, "scan")).toBe(false);
    expect(mayDo({ kind: "open" }, "scan")).toBe(true);
    expect(mayDo({ kind: "nobody" }, "read")).toBe(false);
    expect(mayDo({ kind: "asking" }, "read")).toBe(false);
  });
});
