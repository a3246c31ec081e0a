import { describe, expect, it } from "vitest";
import { addressOf, type Route, routeOf } from "./route";

describe("a page's address", () => {
  it.each<[string, Route]>([
    ["/", { page: "live", exam: null }],
    ["/?exam=2026-7", { page: "live", exam: "2026-7" }],
    ["/?exam=a+b&page=report", { page: "report", exam: "a b" }],
    ["/?page=exams", { page: "exams", exam: null }],
    ["/?page=accounts", { page: "accounts", exam: null }],
    ["/?page=studies", { page: "studies", exam: null }],
    ["/?page=orders", { page: "orders", exam: null }],
    ["/?page=nodes", { page: "nodes", exam: null }],
    ["/?page=nodes&study=1.2.840", { page: "nodes", exam: null, study: "1.2.840" }],
    ["/?page=studies&doubts=1", { page: "studies", exam: null, doubts: true }],
    ["/?page=studies&study=1.2.840", { page: "studies", exam: null, study: "1.2.840" }],
  ])("%s", (address, route) => {
    expect(addressOf(route)).toBe(address);
    expect(routeOf(address.slice(1))).toEqual(route);
  });
  it("that names no page of ours is the live one", () => {
    expect(routeOf("?page=elsewhere&exam=")).toEqual({ page: "live", exam: null });
  });
});
