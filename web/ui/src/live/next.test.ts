import { expect, it } from "vitest";
import { wasScanned } from "./next";

const NOTHING = { lesions: [], planes: [], unsided_s: 0, breasts: [{ scanned_s: 0 }, { scanned_s: 0 }] };

it("an examination has something once a picture of it was read", () => {
  expect(wasScanned(NOTHING)).toBe(false);
  expect(wasScanned({ ...NOTHING, unsided_s: 0.4 })).toBe(true);
  expect(wasScanned({ ...NOTHING, breasts: [{ scanned_s: 0 }, { scanned_s: 2 }] })).toBe(true);
});
