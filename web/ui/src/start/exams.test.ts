import { describe, expect, it } from "vitest";
import type { ExamSummary } from "../exam/api";
import { found, inOrder, QUIET_AFTER_MS, standingAt } from "./exams";

const exam = (id: string, began_ms: number, rest: Partial<ExamSummary> = {}): ExamSummary => ({
  id,
  began_ms,
  status: "open",
  patient: { id: `P-${id}`, name: `Demo ${id}`, sex: "F", birth_date: "" },
  number: `US-${id}`,
  lesions: 0,
  category: null,
  live: false,
  last_frame_ms: null,
  simulated: true,
  discardable: false,
  fault: null,
  fault_code: null,
  ...rest,
});

const NOW = 1_000_000;

describe("where an examination stands", () => {
  it.each([
    ["live", { live: true, last_frame_ms: NOW - 40 }],
    ["live", { live: true, last_frame_ms: NOW - QUIET_AFTER_MS + 1 }],
    ["quiet", { live: true, last_frame_ms: NOW - QUIET_AFTER_MS }],
    ["quiet", { live: true, last_frame_ms: null }],
    ["open", { live: false, last_frame_ms: null }],
    ["signed", { live: true, last_frame_ms: NOW, status: "signed" }],
    ["altered", { status: "altered" }],
    ["unreadable", { status: "unreadable" }],
  ] as const)("%s: %j", (standing, rest) => {
    expect(standingAt(exam("1", 0, rest), NOW)).toBe(standing);
  });
});

describe("the list of examinations", () => {
  const exams = [
    exam("1", 100, { status: "signed" }),
    exam("2", 50),
    exam("3", 80),
    exam("4", 10, { live: true, last_frame_ms: NOW - 40 }),
    exam("5", 200, { status: "signed" }),
  ];
  it("has the open ones first, then the newest", () => {
    expect(inOrder(exams, NOW).map(({ id }) => id)).toEqual(["4", "3", "2", "5", "1"]);
  });
  it("does not put one that waits for pictures before the others", () => {
    const waits = exam("6", 5, { live: true, last_frame_ms: NOW - QUIET_AFTER_MS });
    expect(inOrder([waits, ...exams], NOW).map(({ id }) => id)).toEqual(["4", "3", "2", "6", "5", "1"]);
  });
  it.each([
    ["", 5],
    ["demo", 5],
    ["p-3", 1],
    ["US demo 5", 1],
    ["nobody", 0],
  ])("finds by %j: %i", (search, count) => {
    expect(found(exams, search)).toHaveLength(count);
  });
});
