import { describe, expect, it } from "vitest";
import type { Signature } from "./api";
import { hasSigned, turnOf } from "./turn";

const signed = (...names: readonly string[]) => ({ signatures: names.map((name) => ({ name }) as Signature) });

describe("the order of signature", () => {
  it("is the examiner, then a reviewer, then nobody", () => {
    expect([turnOf(signed()), turnOf(signed("A")), turnOf(signed("A", "B"))]).toEqual(["examiner", "reviewer", null]);
    expect(turnOf({ ...signed("A"), altered: true })).toBeNull();
  });
  it("knows who has signed, however the name is written", () => {
    const report = signed("Dr  First");
    expect([" dr first", "Dr Second", ""].map((name) => hasSigned(name, report))).toEqual([true, false, false]);
  });
});
