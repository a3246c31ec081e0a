import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { HistoryEntry, ReportView } from "../exam/api";
import type { ExamState } from "../exam/store";
import { type Todo, todosOf } from "../exam/todo";
import { Report } from "../parts/Report";
import { wordsIn } from "../words/words";
import { type Review, ReviewContext } from "./context";
import { Foot, lineOf } from "./Foot";
import { Row } from "./inputs";
import { PersonPanel, TodosPanel, whatText } from "./panels";
import { byItem, todosText } from "./todoText";

const open = <T>(proposed: T) => ({ proposed, said: null });
const SIZE = { long: 10.4, short: 9.4, third: null, unit: "mm" };
const LESION = { place: open(null), size: open(SIZE), category: open("4C") };
const LESIONS = [
  { ...LESION, lesion: 1, letter: "A" },
  { ...LESION, lesion: 2, letter: "B" },
];

function viewOf(open: ReportView["open"], code?: string): ReportView {
  const words = { en: "Confirm a breast.", zh: "请确认乳房。" };
  return {
    report: { lesions: LESIONS, signatures: [] },
    open,
    obstacles: code ? [{ code, lesion: null, field: null, words }] : [],
  } as unknown as ReportView;
}

const REASON = { label: "Reason", name: "category", children: null } as const;
const FIELDS = ["size", "shape", "margin", "echo pattern"];
const MANY = viewOf(
  (["shape", "margin", "echo", "size"] as const).flatMap((field) => [
    { lesion: 1, field },
    { lesion: 2, field },
  ]),
  "nothing_examined",
);
const line = (view: ReportView, language: "en" | "zh", todos: readonly Todo[] = todosOf(view)) =>
  lineOf({ view, away: false, waiting: 0, refusal: null } as unknown as ExamState, todos, wordsIn(language));

describe("the line of what is left", () => {
  it("says how many, and names the first three", () => {
    expect(line(MANY, "en")).toEqual({
      status: "info",
      first: "9 to confirm before signing:",
      rest: "Confirm a breast; A: size, shape…",
      more: 6,
    });
    expect(line(MANY, "zh")).toMatchObject({
      first: "签名前 9 项待确认：",
      rest: "请确认乳房；A：大小、形态…",
      more: 6,
    });
  });
  it("names all where there are no more", () => {
    const few = viewOf([{ lesion: 2, field: "shape" }], "nothing_examined");
    expect(line(few, "en")).toMatchObject({ rest: "Confirm a breast; B: shape", more: 0 });
  });
  it("does not call signed what is not the report that was signed", () => {
    const signature = { name: "Dr Test", at_ms: 0, sha256: "c0ffee".repeat(10) };
    const signed = { lesions: LESIONS, signatures: [signature] };
    const view = (report: object): ReportView => ({ ...viewOf([]), report }) as unknown as ReportView;
    expect(line(view(signed), "en")).toMatchObject({ status: "ok", first: "Signed by Dr Test," });
    expect(line(view({ ...signed, altered: true }), "en")).toMatchObject({
      status: "stop",
      first: "This is not what was signed;",
    });
    expect(line(view({ ...signed, altered: true }), "zh")).toMatchObject({ first: "与签名内容不符；" });
  });
});

describe("what is left, beside the live picture", () => {
  const report = (view: ReportView): string =>
    renderToStaticMarkup(createElement(Report, { current: null, view: withWords(view), signed: false }));
  /** Without sentences. */
  const withWords = (view: ReportView): ReportView =>
    ({ ...view, narrative: { en: { sections: [] }, zh: { sections: [] } } }) as unknown as ReportView;
  it("is as much as on the report page", () => {
    expect(report(MANY)).toContain("9 to confirm");
    expect(report(viewOf([]))).not.toContain("to confirm");
  });
});

describe("the history", () => {
  const at = (text: string): number => new Date(text).getTime();
  const entry = (of_ms: number | null): HistoryEntry => ({
    seq: 1,
    at_ms: 0,
    by: null,
    what: { en: "Taken back: lesion A changed", zh: "撤销：修改病灶A" },
    changes: [],
    of_ms,
  });
  it("says when what was taken back had been done, with the day where it was another", () => {
    const now = at("2026-11-27T10:00");
    const said = (of: string, language: "en" | "zh"): string => whatText(entry(at(of)), now, wordsIn(language));
    expect(said("2026-11-27T09:05", "en")).toBe("Taken back: lesion A changed (09:05)");
    expect(said("2026-11-26T09:05", "en")).toBe("Taken back: lesion A changed (yesterday 09:05)");
    expect(said("2026-11-20T09:05", "zh")).toBe("撤销：修改病灶A（2026年11月20日 09:05）");
    expect(whatText(entry(null), now, wordsIn("zh"))).toBe("撤销：修改病灶A");
  });
});

describe("where a press leads", () => {
  it("is marked on the row whose answer is wanted, under the name of its field", () => {
    const row = (wanted: boolean): string =>
      renderToStaticMarkup(
        createElement(
          ReviewContext,
          { value: { at: null } as unknown as Review },
          createElement(Row, { ...REASON, wanted }, "why"),
        ),
      );
    expect(row(true)).toMatch(/data-field="category" data-wanted="true"/);
    expect(row(false)).not.toContain("data-wanted");
  });
});

describe("what can be signed", () => {
  const PERSON = { name: "Dr Second", role: "reviewer", licence: "" } as const;
  const none = (): void => undefined;
  const html = (element: ReturnType<typeof createElement>, readOnly = false): string => {
    const review = { view: { report: { signatures: [] } }, readOnly } as unknown as Review;
    return renderToStaticMarkup(createElement(ReviewContext, { value: review }, element));
  };
  const panel = (turn: "examiner" | "reviewer" | null, examiner = ""): string =>
    html(createElement(PersonPanel, { person: PERSON, turn, examiner, onPerson: none, onClose: none }));
  it("is offered in the role whose turn it is", () => {
    const roles = (of: string) =>
      [...of.matchAll(/<\/svg>(examiner|reviewer)<|>(examiner|reviewer)</g)].map(([, a, b]) => a ?? b);
    expect(roles(panel("examiner"))).toEqual(["examiner"]);
    expect(roles(panel("reviewer", "Dr First"))).toEqual(["reviewer"]);
    expect(roles(panel(null))).toEqual(["examiner", "reviewer"]);
    expect(panel("reviewer", "Dr First")).toContain("Dr First has signed as the examiner.");
    expect(panel("reviewer", "Dr First")).toContain('value="Dr Second"');
    expect(panel("reviewer", "Dr Second"), "who has signed is not written there").not.toContain('value="Dr Second"');
  });
  it("is a button beside the addendum until a reviewer has signed", () => {
    const state = { view: null, away: false, waiting: 0, refusal: null } as unknown as ExamState;
    const props = { state, todos: [], person: PERSON, listed: false };
    const does = { onBack: none, onHome: none, onList: none, onNext: none, onSign: none, onAdd: none };
    const foot = (turn: "reviewer" | null) => html(createElement(Foot, { ...props, ...does, turn }), true);
    expect(foot("reviewer")).toContain('data-action="review"');
    expect(foot(null)).not.toContain('data-action="review"');
  });
});

describe("the list of what is left", () => {
  it("has everything, by item", () => {
    const groups = byItem(todosOf(MANY)).map(([item, todos]) => [item, todos.length]);
    expect(groups).toEqual([
      ["breasts", 1],
      ["lesion-1", 4],
      ["lesion-2", 4],
    ]);
    expect(todosText(todosOf(MANY).slice(1), 2, LESIONS, wordsIn("en"))).toBe("A: size, shape");
  });
  it("is a button for each, under the name of what it is about", () => {
    const none = (): void => undefined;
    const props = { todos: todosOf(MANY), onGo: none, onClose: none };
    const review = { exam: "1", view: MANY } as unknown as Review;
    const page = createElement(ReviewContext, { value: review }, createElement(TodosPanel, props));
    const html = renderToStaticMarkup(page);
    expect([...html.matchAll(/<h3>([^<]+)/g)].map(([, title]) => title)).toEqual([
      "Both breasts",
      "Lesion A",
      "Lesion B",
    ]);
    const [, ...buttons] = [...html.matchAll(/<button[^>]*>([^<]+)/g)].map(([, text]) => text?.trim());
    expect(buttons).toEqual(["Confirm a breast", ...FIELDS, ...FIELDS]);
    // One act for all of a lesion that waits, beside what is proposed of it.
    const whole = [...html.matchAll(/<span>([^<]*)<\/span><button[^>]*data-action="as-proposed"/g)];
    expect(whole.map(([, said]) => said)).toEqual(Array(2).fill("Place unknown · 10 × 9\u202fmm · BI-RADS\u00a04C"));
    expect(html).toContain("As proposed, all 4");
  });
});
