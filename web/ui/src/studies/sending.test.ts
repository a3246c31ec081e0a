import { afterEach, describe, expect, it, vi } from "vitest";
import { wordsIn } from "../words/words";
import { NodeError } from "./client";
import {
  clear,
  findSendings,
  moreText,
  type Queued,
  type SendFault,
  send,
  settled,
  shapeOf,
  stateOf,
  sumText,
} from "./sending";

const NOW = 1_000_000;
const queued = (more: Partial<Queued>): Queued => ({
  id: 1,
  to: "ARCHIVE",
  study_uid: "1.2",
  state: "waiting",
  taken: 2,
  of: 5,
  promise: null,
  fault: null,
  tries: 0,
  at_ms: 0,
  due_ms: NOW + 90_000,
  ...more,
});
const WHYS: readonly SendFault["why"][] = [
  "unknown_node",
  "nothing_here",
  "unreachable",
  "rejected",
  "broken_off",
  "refused",
  "not_taken",
  "unreadable",
  "no_commitment",
  "commitment_refused",
  "not_fetched_from",
  "not_offered",
  "nothing_there",
  "failed",
  "unknown_here",
  "incomplete",
  "not_arrived",
  "late",
  "not_allowed",
];

describe("how a sending stands", () => {
  it.each<[string, Partial<Queued>, string, string]>([
    ["waits", {}, "off", "waits"],
    ["waits again", { fault: { why: "unreachable" } }, "warn", "no connection; again in 2 min"],
    ["runs", { state: "running" }, "info", "being sent: 2 of 5 images"],
    ["has begun", { state: "running", of: 0 }, "info", "being sent"],
    ["is done", { state: "done" }, "ok", "sent: 5 images"],
    ["is promised", { state: "done", promise: "kept" }, "ok", "sent: 5 images; the node promises to keep them"],
    ["is cancelled", { state: "cancelled" }, "off", "cancelled, 2 images were sent"],
    ["is cancelled at once", { state: "cancelled", taken: 0 }, "off", "cancelled, nothing was sent"],
    [
      "has failed",
      { state: "failed", fault: { why: "refused", status: "C000", count: 3 } },
      "stop",
      "failed: the node refuses 3 images (C000H)",
    ],
  ])("%s", (_, more, shape, text) => {
    expect(shapeOf(queued(more))).toBe(shape);
    expect(stateOf(queued(more), wordsIn("en"), NOW)).toBe(text);
  });

  it("does not look well where a promise was not given", () =>
    expect(shapeOf(queued({ state: "done", promise: "not_kept" }))).toBe("warn"));

  it.each(WHYS)("has words for %s in both languages", (why) => {
    for (const language of ["en", "zh"] as const) {
      // What belongs to one reason is passed over by the words of the others.
      const fault = { why, status: "A700", count: 1 } as SendFault;
      const text = stateOf(queued({ state: "failed", fault }), wordsIn(language), NOW);
      expect(text).not.toMatch(/[{}]|undefined/);
    }
  });

  it("is counted, also beyond what is listed", () => {
    expect(sumText({ open: 130, again: 0, failed: 1 }, wordsIn("en"))).toBe("130 under way · 1 failed");
    expect(sumText({ open: 3, again: 2, failed: 1 }, wordsIn("en"))).toBe(
      "1 under way · 2 waiting to try again · 1 failed",
    );
    expect(sumText({ open: 2, again: 2, failed: 0 }, wordsIn("zh"))).toBe("2 项等待重试");
    expect(sumText({ open: 0, again: 0, failed: 0 }, wordsIn("zh"))).toBe("没有进行中的项目");
    const queue = [queued({}), queued({ id: 2 })];
    expect(moreText({ all: 131, queue }, wordsIn("en"))).toBe("the first 2 of 131 are listed");
    expect(moreText({ all: 131, queue }, wordsIn("zh"))).toBe("共 131 项，仅列出前 2 项");
    expect(moreText({ all: 2, queue }, wordsIn("en"))).toBeNull();
  });
});

describe("what nothing is left to do about", () => {
  afterEach(() => vi.unstubAllGlobals());
  it("is what is done or was cancelled, and goes out of the list by its numbers", async () => {
    const states = ["waiting", "running", "failed", "done", "cancelled"] as const;
    const ids = settled(states.map((state, id) => queued({ state, id })));
    expect(ids).toEqual([3, 4]);
    const asked = vi.fn(async () => new Response(null, { status: 204 }));
    vi.stubGlobal("fetch", asked);
    await clear(ids);
    expect(asked).toHaveBeenCalledWith("/api/sending/clear", expect.objectContaining({ body: '{"ids":[3,4]}' }));
  });
});

describe("what is asked of the queue", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answers = (status: number, body: string, type = "application/json") =>
    vi.stubGlobal("fetch", async () => new Response(body, { status, headers: { "content-type": type } }));

  it("is a list, and how many there are", async () => {
    const queue = { all: 1, open: 1, again: 0, failed: 0, queue: [queued({})] };
    answers(200, JSON.stringify(queue));
    expect(await findSendings(new AbortController().signal)).toEqual(queue);
  });

  it.each([
    ["a page in the place of a queue", 200, "<html>", "text/html", 404, null],
    ["a refusal", 404, '{"error":"there is no such study","code":"not_found"}', "application/json", 404, "not_found"],
  ])("is an error with %s", async (_, status, body, type, expected, code) => {
    answers(status, body, type);
    const refused = await send({ to: "ARCHIVE", study_uid: "1.2" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NodeError);
    expect(refused).toMatchObject({ status: expected, fault: { code } });
  });
});
