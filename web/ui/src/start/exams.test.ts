import { describe, expect, it } from "vitest";
import type { ExamSummary } from "../exam/api";
import { found, inOrder } from "./exams";

const exam = (id: string, began_ms: number, rest: Partial<ExamSummary> = {}): ExamSummary => ({
  id,
  began_ms,
  status: "open",
  patient: { id: `P-${id}`, name: `Demo ${id}`, sex: "F", birth_date: "" },
  number: `US-${id}`,
  lesions: 0,
  category: null,
  live: false,
  simulated: true,
  fault: null,
  ...rest,
});

describe("the list of examinations", () => {
  const exams = [
    exam("1", 100, { status: "signed" }),
    exam("2", 50),
    exam("3", 80),
    exam("4", 10, { live: true }),
    exam("5", 200, { status: "signed" }),
  ];
  it("has the open ones first, then the newest", () => {
    expect(inOrder(exams).map(({ id }) => id)).toEqual(["4", "3", "2", "5", "1"]);
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
