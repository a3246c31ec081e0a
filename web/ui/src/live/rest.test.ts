import { describe, expect, it } from "vitest";
import type { PageName } from "../route";
import { Rest } from "./rest";

describe("a scan that rests while its report is read", () => {
  const check = (...shown: readonly (readonly [page: PageName, ready: boolean, goesOn: boolean])[]): void => {
    const rest = new Rest();
    expect(shown.map(([page, ready]) => rest.goesOn(page, ready))).toEqual(shown.map(([, , goesOn]) => goesOn));
  };
  it("goes on when its page is shown again, once", () => {
    check(["live", true, false], ["report", true, false], ["live", true, true], ["live", true, false]);
  });
  it("goes on as soon as it is opened, where the report was opened first", () => {
    check(["report", false, false], ["live", false, false], ["live", true, true]);
  });
  it("is left as it is where no report was read", () => {
    check(["live", false, false], ["live", true, false]);
  });
});
