import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refusalText } from "../review/refusal";
import { wordsIn } from "../words/words";
import { ExamStore } from "./store";

interface Asked {
  readonly path: string;
  readonly act: string | null;
}

describe("an act", () => {
  let asked: Asked[];
  let answers: ((path: string) => Response)[];
  let seq: number;
  const view = (seq: number): Response => Response.json({ seq, saved: true, report: {} });

  beforeEach(() => {
    vi.useFakeTimers();
    [asked, seq] = [[], 0];
    vi.stubGlobal("sessionStorage", { getItem: () => null });
    vi.stubGlobal("fetch", async (path: string, { headers }: RequestInit) => {
      asked.push({ path, act: new Headers(headers).get("X-Peony-Act") });
      seq += 1;
      const answer = path.endsWith("/report") ? () => view(seq) : answers.shift();
      if (!answer) {
        throw new TypeError("no program");
      }
      return answer(path);
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("whose answer was lost goes again by the same name, undo and sign too", async () => {
    const lost = (): Response => {
      throw new TypeError("cut off");
    };
    answers = [lost, () => view(2), lost, () => view(3)];
    const store = new ExamStore("7");
    store.undo();
    store.act({ act: "sign", name: "Dr. A", role: "examiner", licence: "" });
    await vi.runAllTimersAsync();
    expect(asked.map(({ path }) => path.split("/").at(-1))).toEqual(["undo", "undo", "acts", "acts"]);
    const [undo, undoAgain, sign, signAgain] = asked.map(({ act }) => act);
    expect([undoAgain, signAgain]).toEqual([undo, sign]);
    expect(undo).not.toBe(sign);
  });

  it("that confirms what has changed is told, and the report is looked at again at once", async () => {
    const changed = { error: "confirm: it has changed", code: "proposal_changed" };
    answers = [() => Response.json(changed, { status: 409 })];
    const store = new ExamStore("7");
    store.open();
    await vi.advanceTimersByTimeAsync(0);
    asked = [];
    store.act({ act: "confirm", lesion: 1, fields: ["category"], shown: [{ field: "category", value: "4A" }] });
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.map(({ path }) => path)).toEqual(["/api/exams/7/acts", "/api/exams/7/report"]);
    const { refusal, view: shown } = store.getState();
    expect([refusal?.code, shown?.seq]).toEqual(["proposal_changed", 3]);
    const said = (["en", "zh"] as const).map((language) => refusal && refusalText(refusal, wordsIn(language)));
    expect(said).toEqual([
      "the proposal has changed since it was shown; look and confirm again.",
      "该项建议在显示后已改变，请核对后重新确认。",
    ]);
    store.close();
  });
});
