import { describe, expect, it } from "vitest";
import type { ReportView } from "../exam/api";
import { closedFor } from "./entrance";

type Facts = Parameters<typeof closedFor>[0];

const view = (signatures: readonly unknown[]): ReportView => ({ report: { signatures } }) as unknown as ReportView;
const DRAFT = view([]);
const SIGNED = view([{}]);
const live = (...ids: readonly string[]) => ids.map((id) => ({ id, live: true }));
const EIGHT = live("1", "2", "3", "4", "5", "6", "7", "8");

describe("what keeps a page from an examination", () => {
  const check = (expected: string | null, facts: Partial<Facts>, state: Partial<Facts["state"]> = {}): void => {
    const present = { presence: "there" as const, view: DRAFT, away: false, ...state };
    const asked = { exam: "9", connected: false, greeted: false, refused: true, rows: live("1"), ...facts };
    expect(closedFor({ ...asked, state: present })).toBe(expected);
  };
  it("nothing, where the program has greeted it or may still", () => {
    check(null, { connected: true }, { view: SIGNED });
    check(null, { connected: true }, { presence: "missing", view: null });
    check(null, { refused: false });
    check(null, { rows: null });
    check(null, { rows: live("9"), greeted: true });
    check(null, { rows: live("1"), greeted: true });
  });
  it("nothing that is known, while the program is away", () => {
    check(null, {}, { away: true });
    check(null, {}, { away: true, presence: "missing", view: null });
  });
  it("a signature, before the socket has said no", () => {
    check("signed", { refused: false }, { view: SIGNED });
  });
  it("a name that nothing has, and no name where nothing is open", () => {
    const missing = { presence: "missing", view: null } as const;
    check("unknown", {}, missing);
    check("unreadable", { rows: [{ id: "9", live: false }] }, missing);
    check("none_open", { exam: null }, missing);
    check(null, { refused: false }, missing);
    check(null, {}, { presence: "loading", view: null });
  });
  it("another kind of source than it was begun on", () => {
    const other = { ...DRAFT, other_source: true };
    check("other_source", {}, { view: other });
    check("other_source", { rows: EIGHT, greeted: true }, { view: other });
    check(null, { connected: true }, { view: other });
    check("signed", {}, { view: { ...SIGNED, other_source: true } });
  });
  it("places that are all taken: of examinations, or of its windows", () => {
    check("full", { rows: EIGHT });
    check("full", { rows: EIGHT, greeted: true });
    check("crowded", { exam: "8", rows: EIGHT });
    check("crowded", { rows: live("9") });
  });
  it("another reason of the program", () => {
    check("refused", { rows: EIGHT.slice(1) });
    check("refused", { rows: [...EIGHT.slice(1), { id: "9", live: false }] });
  });
});
