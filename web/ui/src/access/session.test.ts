import { describe, expect, it } from "vitest";
import { refusalOf } from "./refusal";
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
    const offer = { label: null, address: "https://peony.test/api/oidc/sign-in" };
    expect(sessionOf({ open: true, me: null, oidc: null })).toEqual({ kind: "open" });
    expect(sessionOf({ open: false, me: null, oidc: null })).toEqual({ kind: "nobody", offer: null, ended: false });
    expect(sessionOf({ open: false, me: null, oidc: offer })).toEqual({ kind: "nobody", offer, ended: false });
    expect(sessionOf({ open: false, me, oidc: offer })).toEqual({ kind: "somebody", me });
  });
  it("has ended where somebody was signed in, until somebody is again", () => {
    const ended = sessionOf({ open: false, me: null, oidc: null }, { kind: "somebody", me });
    expect(ended).toEqual({ kind: "nobody", offer: null, ended: true });
    expect(sessionOf({ open: false, me: null, oidc: null }, ended)).toEqual(ended);
    expect(sessionOf({ open: false, me, oidc: null }, ended)).toEqual({ kind: "somebody", me });
  });
  it("is told why a provider did not let somebody in, in words that the page has", () => {
    expect(refusalOf("?page=exams&sign_in=disabled")).toBe("sign_in_oidc_disabled");
    expect(refusalOf("?page=exams&sign_in=wait")).toBe("sign_in_wait");
    expect(refusalOf("?sign_in=%3Cscript%3E")).toBe("sign_in_oidc_failed");
    expect(refusalOf("?page=exams")).toBeNull();
  });
  it("lets a person do what their roles may, and everybody everything where there are no accounts", () => {
    const somebody = sessionOf({ open: false, me, oidc: null });
    expect(mayDo(somebody, "read")).toBe(true);
    expect(mayDo(somebody, "scan")).toBe(false);
    expect(mayDo({ kind: "open" }, "scan")).toBe(true);
    expect(mayDo({ kind: "nobody", offer: null, ended: false }, "read")).toBe(false);
    expect(mayDo({ kind: "asking" }, "read")).toBe(false);
  });
});
