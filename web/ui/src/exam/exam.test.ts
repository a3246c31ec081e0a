import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commandOf } from "../review/keys";
import type { Act, Answer, BiRads, Field, LesionReport, Obstacle, ReportView } from "./api";
import { categoryByDigit, isDowngrade } from "./category";
import { confirming, openFields, standingOf, valueIn } from "./field";
import { timeOfExam } from "./format";
import { offered, toggled } from "./lexicon";
import { ActQueue } from "./queue";
import { itemsOf, nextTodo, presentItem, todosOf } from "./todo";

const field = <T>(proposed: T | null, said?: T | null): Field<T> => ({
  proposed,
  said: said === undefined ? null : { value: said, by: "Dr. A", at_ms: 0 },
});

describe("whose word a field is", () => {
  it.each([
    ["empty", field<string>(null)],
    ["proposed", field<string>("4C")],
    ["confirmed", field<string>("4C", "4C")],
    ["confirmed", field<string>(null, "2")],
    ["changed", field<string>("4C", "3")],
    ["unassessed", field<string>("4C", null)],
  ] as const)("%s", (standing, value) => {
    expect(standingOf(value)).toBe(standing);
  });
  it("the order of several words says nothing, nor the order of an object's keys", () => {
    expect(standingOf(field<readonly string[]>(["a", "b"], ["b", "a"]))).toBe("confirmed");
    expect(standingOf(field<object>({ side: "left", clock: "1:00" }, { clock: "1:00", side: "left" }))).toBe(
      "confirmed",
    );
  });
  it("a person's word is what holds, also where it is that nothing was assessed", () => {
    expect([valueIn(field("a")), valueIn(field("a", "b")), valueIn(field<string>("a", null))]).toEqual([
      "a",
      "b",
      null,
    ]);
  });
});

const EMPTY: LesionReport = {
  lesion: 1,
  letter: "A",
  dismissed: false,
  joined: [],
  place: field(null),
  depth_mm: field(null),
  size: field(null),
  before: field(null),
  candidates: [],
  shape: field(null),
  orientation: field(null),
  margin: field(null),
  echo: field(null),
  posterior: field(null),
  calcification: field(null),
  boundary: field(null),
  malignancy: null,
  category: field(null),
  downgrade_reason: "",
  advice: field(null),
  volume_cm3: null,
  sightings: 0,
  planes: [],
} as unknown as LesionReport;

describe("the time of an examination", () => {
  it("does not begin anew with the program, and is never less than that of the sweep", () => {
    expect([
      timeOfExam(5000, 1_000_000, 1_402_999),
      timeOfExam(5000, 1_000_000, 999_000),
      timeOfExam(5000, null, 9),
    ]).toEqual([402_999, 5000, 5000]);
  });
});

describe("words that a person alone says", () => {
  it("are offered by the edition of the lexicon, and where they were said", () => {
    expect(offered("vascularity", "birads_5", [])).toEqual([
      "vascularity.none",
      "vascularity.internal",
      "vascularity.rim",
    ]);
    expect(offered("vascularity", "birads_5", ["vascularity.diffuse"])).toContain("vascularity.diffuse");
    expect(offered("associated", "birads_us_4", [])).toContain("associated.cooper");
    expect(offered("associated", "birads_5", [])).not.toContain("associated.cooper");
  });
  it("that there is none stands alone", () => {
    expect(toggled("vascularity", ["vascularity.none"], "vascularity.rim")).toEqual(["vascularity.rim"]);
    expect(toggled("associated", ["associated.edema", "associated.distortion"], "associated.none")).toEqual([
      "associated.none",
    ]);
    expect(toggled("associated", ["associated.edema"], "associated.distortion")).toEqual([
      "associated.distortion",
      "associated.edema",
    ]);
  });
  it("wait for nobody, also where a report does not have them", () => {
    expect(Object.keys(EMPTY)).not.toContain("vascularity");
    expect(openFields(EMPTY)).toEqual([]);
  });
});

describe("who confirms", () => {
  it("says what was shown", () => {
    const size = { long: 15.5, short: 9.4, third: null, unit: "mm" };
    const lesion = { ...EMPTY, size: field(size), category: field("4A") } as LesionReport;
    expect(confirming(lesion, openFields(lesion))).toEqual({
      act: "confirm",
      lesion: 1,
      fields: ["size", "category"],
      shown: [
        { field: "size", value: size },
        { field: "category", value: "4A" },
      ],
    });
  });
});

describe("open fields", () => {
  it("are the machine's proposals that nobody has spoken to, in the order of the form", () => {
    const lesion = {
      ...EMPTY,
      advice: field("routine"),
      shape: field("shape.oval"),
      echo: field("echo.complex", null),
    };
    expect(openFields(lesion as LesionReport)).toEqual(["shape", "advice"]);
  });
});

function viewOf(open: ReportView["open"], obstacles: readonly Partial<Obstacle>[] = []): ReportView {
  return {
    report: { lesions: [EMPTY, { ...EMPTY, lesion: 2, letter: "B" }] },
    open,
    obstacles: obstacles.map((each) => ({ code: "", lesion: null, field: null, words: { en: "", zh: "" }, ...each })),
  } as unknown as ReportView;
}

describe("where the person is", () => {
  it("is the whole where a lesion was joined to it", () => {
    const view = viewOf([]);
    const joined = {
      report: { lesions: [{ ...EMPTY, joined: [{ lesion: 2, letter: "B" }] }] },
    } as unknown as ReportView;
    expect([presentItem(view, "lesion-2"), presentItem(joined, "lesion-2"), presentItem(joined, "lesion-3")]).toEqual([
      "lesion-2",
      "lesion-1",
      null,
    ]);
  });
});

describe("what is left before signing", () => {
  const view = viewOf(
    [
      { lesion: 2, field: "shape" },
      { lesion: 1, field: "advice" },
      { lesion: 1, field: "size" },
    ],
    [
      { code: "open", lesion: 1, field: "advice" },
      { code: "nothing_examined" },
      { code: "no_reason", lesion: 2, field: "category" },
      { code: "no_patient" },
      { code: "other_patient" },
      { code: "not_scanned" },
    ],
  );
  const todos = todosOf(view);
  it("is told once each, in the order of the contents and of the form", () => {
    expect(todos.map(({ item, field: name }) => [item, name])).toEqual([
      ["patient", null],
      ["patient", null],
      ["breasts", null],
      ["breasts", null],
      ["lesion-1", "size"],
      ["lesion-1", "advice"],
      ["lesion-2", "shape"],
      ["lesion-2", "category"],
    ]);
  });
  it.each([
    ["patient", null, "patient", null],
    ["lesion-1", null, "lesion-1", "size"],
    ["lesion-1", "size", "lesion-1", "advice"],
    ["lesion-1", "advice", "lesion-2", "shape"],
    ["lesion-2", "category", "patient", null],
    ["impression", null, "patient", null],
  ] as const)("after %s %s comes %s %s", (item, name, nextItem, nextField) => {
    const next = nextTodo(todos, item, name, itemsOf(view));
    expect([next?.item, next?.field]).toEqual([nextItem, nextField]);
  });
  it("that a lesion may be an earlier one again is told under that lesion", () => {
    const asked = todosOf(viewOf([], [{ code: "may_be", lesion: 2 }]));
    expect(asked.map(({ item, field }) => [item, field])).toEqual([["lesion-2", null]]);
  });
  it("is nothing in the end", () => {
    expect(nextTodo(todosOf(viewOf([])), "patient", null, [])).toBeNull();
  });
});

describe("categories", () => {
  it.each<[string, BiRads | null, BiRads | null]>([
    ["0", null, "0"],
    ["3", "4A", "3"],
    ["4", null, "4A"],
    ["4", "3", "4A"],
    ["4", "4", "4A"],
    ["4", "4A", "4B"],
    ["4", "4B", "4C"],
    ["4", "4C", "4A"],
    ["6", "5", "6"],
    ["7", null, null],
  ])("key %s on %s gives %s", (digit, present, expected) => {
    expect(categoryByDigit(digit, present)).toBe(expected);
  });
  it.each<[BiRads | null, BiRads | null, boolean]>([
    ["4C", "3", true],
    ["4C", "4B", true],
    ["4C", "4", false],
    ["5", "4", true],
    ["4A", "4B", false],
    ["4C", "0", true],
    ["4C", "6", true],
    ["4C", "5", false],
    ["4A", "4A", false],
    ["3", "2", false],
    [null, "2", false],
    ["5", null, false],
  ])("from the machine's %s to %s asks for a reason: %s", (proposed, said, expected) => {
    expect(isDowngrade(proposed, said)).toBe(expected);
  });
});

describe("several words", () => {
  it("stand together, in the lexicon's order", () => {
    expect(toggled("margin", ["margin.spiculated"], "margin.angular")).toEqual(["margin.angular", "margin.spiculated"]);
    expect(toggled("margin", ["margin.angular"], "margin.angular")).toEqual([]);
  });
  it("and the one that says that there are none stands alone", () => {
    expect(toggled("margin", ["margin.circumscribed"], "margin.angular")).toEqual(["margin.angular"]);
    expect(toggled("calcification", ["calcification.in_mass"], "calcification.none")).toEqual(["calcification.none"]);
  });
});

describe("the report's keys", () => {
  const press = (key: string, rest: object = {}) =>
    commandOf({ key, ctrl: false, other: false, typing: false, singleKeys: true, ...rest });
  it.each([
    ["n", { kind: "next" }],
    ["N", { kind: "next" }],
    ["c", { kind: "confirm" }],
    ["z", { kind: "undo" }],
    ["H", { kind: "marks" }],
    ["4", { kind: "category", digit: "4" }],
    ["7", null],
    ["Escape", { kind: "escape" }],
    ["Enter", null],
  ])("%s", (key, expected) => {
    expect(press(key)).toEqual(expected);
  });
  it("leave letters to whoever writes, and rest where they are switched off", () => {
    expect([press("n", { typing: true }), press("n", { singleKeys: false })]).toEqual([null, null]);
    expect(press("Escape", { typing: true })).toEqual({ kind: "escape" });
    expect(press("Enter", { ctrl: true, typing: true })).toEqual({ kind: "sign" });
    expect([press("c", { ctrl: true }), press("n", { other: true })]).toEqual([null, null]);
  });
});

describe("changes while the program is away", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const dismiss = (lesion: number): Act => ({ act: "dismiss", lesion });
  const ok = (seq: number): Answer<ReportView> => ({ kind: "ok", value: { seq } as ReportView });

  function queueOf(answers: readonly Answer<ReportView>[]) {
    const rest = [...answers];
    const seen = { sent: [] as unknown[], ids: [] as string[], views: [] as number[], refused: [] as string[] };
    const queue = new ActQueue({
      send: async (change, id) => {
        seen.ids.push(id);
        seen.sent.push("lesion" in change ? change.lesion : change.act);
        return rest.shift() ?? ok(99);
      },
      onView: ({ seq }) => seen.views.push(seq),
      onRefused: (_, error) => seen.refused.push(error),
      onState: () => {},
    });
    return { queue, seen };
  }

  it("go out one by one and in order", async () => {
    const { queue, seen } = queueOf([ok(1), ok(2)]);
    queue.push(dismiss(1));
    queue.push(dismiss(2));
    expect([queue.waiting, seen.sent]).toEqual([2, [1]]);
    await vi.runAllTimersAsync();
    expect([seen.sent, seen.views, queue.waiting, queue.away]).toEqual([[1, 2], [1, 2], 0, false]);
  });

  it("wait and are sent again, those that came meanwhile after them", async () => {
    const { queue, seen } = queueOf([{ kind: "away" }, { kind: "away" }, ok(1), ok(2)]);
    queue.push(dismiss(1));
    await vi.advanceTimersByTimeAsync(0);
    queue.push({ act: "undo" });
    expect([queue.waiting, queue.away, seen.sent]).toEqual([2, true, [1]]);
    await vi.advanceTimersByTimeAsync(500);
    expect([queue.waiting, queue.away, seen.sent]).toEqual([2, true, [1, 1]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([queue.waiting, queue.away, seen.sent, seen.views]).toEqual([0, false, [1, 1, 1, "undo"], [1, 2]]);
  });

  it("go again under the same identifier, so that what was done and not answered is not done again", async () => {
    const { queue, seen } = queueOf([{ kind: "away" }, { kind: "away" }, ok(1), ok(2)]);
    queue.push({ act: "undo" });
    queue.push({ act: "undo" });
    await vi.runAllTimersAsync();
    const [first, , , second] = seen.ids;
    expect(seen.ids).toEqual([first, first, first, second]);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
  });

  it("that are refused are told and not sent again", async () => {
    const { queue, seen } = queueOf([{ kind: "refused", error: "signed", code: "signed" }, ok(2)]);
    queue.push(dismiss(1));
    queue.push(dismiss(2));
    await vi.runAllTimersAsync();
    expect([seen.refused, seen.sent, seen.views, queue.waiting]).toEqual([["signed"], [1, 2], [2], 0]);
  });
});
