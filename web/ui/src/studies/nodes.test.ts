import { afterEach, describe, expect, it, vi } from "vitest";
import { wordsIn } from "../words/words";
import { NodeError, reasonText } from "./client";
import { askedOf, fetchStudy, findSources, searchNode, standingOf } from "./nodes";
import { NO_SEARCH } from "./question";
import { type Queued, stateOf } from "./sending";

const NOW = 1_000_000;
const fetching = (more: Partial<Queued>): Queued => ({
  id: 1,
  from: "ARCHIVE",
  study_uid: "1.2",
  state: "running",
  taken: 12,
  of: 300,
  promise: null,
  fault: null,
  tries: 1,
  at_ms: 0,
  due_ms: NOW + 90_000,
  ...more,
});
const signal = new AbortController().signal;

describe("what a node is asked", () => {
  const today = "2026-11-27";
  it("is nothing where nothing is searched for", () => {
    expect(askedOf("ARCHIVE", NO_SEARCH, false, today)).toBeNull();
    expect(askedOf("ARCHIVE", { ...NO_SEARCH, text: "  " }, true, today)).toBeNull();
    expect(askedOf("", { ...NO_SEARCH, text: "li" }, false, today)).toBeNull();
  });
  it("is a text, or a patient's identifier as it stands", () => {
    const search = { ...NO_SEARCH, text: " P-1 " };
    expect(askedOf("ARCHIVE", search, false, today)).toEqual({ from: "ARCHIVE", text: "P-1" });
    expect(askedOf("ARCHIVE", search, true, today)).toEqual({ from: "ARCHIVE", patient_id: "P-1" });
  });
  it("is days and a kind", () => {
    const search = { ...NO_SEARCH, period: "week", modality: "MG" } as const;
    expect(askedOf("ARCHIVE", search, false, today)).toEqual({
      from: "ARCHIVE",
      date: "20261121-20261127",
      modality: "MG",
    });
  });
});

describe("how a study of another node stands", () => {
  it.each<[string, number, number, Partial<Queued> | null, string | null, string | null]>([
    ["is there", 0, 300, null, null, "fetch"],
    ["is here", 300, 300, null, "images here: 300", null],
    ["is here in part", 12, 300, null, "images here: 12 of 300", "fetch"],
    ["is here, as much as the node does not say", 12, 0, null, "images here: 12", "fetch"],
    ["is on its way", 0, 300, {}, "being fetched: 12 of 300 images", null],
    ["has come since it was searched", 0, 300, { state: "done", taken: 300 }, "images here: 300", null],
    ["has come, of a node that does not count", 0, 0, { state: "done", taken: 9, of: 9 }, "images here: 9", null],
    ["waits again", 0, 300, { state: "waiting", fault: { why: "unreachable" } }, "no connection; again in 2 min", null],
    [
      "has failed",
      0,
      300,
      { state: "failed", fault: { why: "incomplete", count: 3 } },
      "failed: 3 images did not come",
      "again",
    ],
    ["was taken back", 0, 300, { state: "cancelled" }, null, "fetch"],
  ])("%s", (_, here, of, job, text, act) => {
    const standing = standingOf(here, of, job && fetching(job), wordsIn("en"), NOW);
    expect([standing.text, standing.act]).toEqual([text, act]);
  });
  it("is opened where something of it is here", () => {
    expect(standingOf(0, 3, null, wordsIn("zh"), NOW).opens).toBe(false);
    expect(standingOf(1, 3, null, wordsIn("zh"), NOW)).toMatchObject({ opens: true, text: "已有 1 / 3 幅" });
  });
  it("is said of a fetching that ended in the words of a fetching", () => {
    expect(stateOf(fetching({ state: "done" }), wordsIn("en"), NOW)).toBe("fetched: 300 images");
    expect(stateOf(fetching({ state: "cancelled" }), wordsIn("zh"), NOW)).toBe("已取消，已取回 12 幅");
  });
});

describe("another node", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answers = (status: number, body: string, type = "application/json") => {
    const asked = vi.fn(async (_: string, __?: RequestInit) => {
      return new Response(body, { status, headers: { "content-type": type } });
    });
    vi.stubGlobal("fetch", asked);
    return asked;
  };
  it("is searched by a body, not by an address", async () => {
    const asked = answers(200, '{"studies":[],"more":false,"unread":0}');
    await searchNode({ from: "ARCHIVE", patient_id: "P-1" }, signal);
    expect(asked).toHaveBeenCalledWith(
      "/api/nodes/search",
      expect.objectContaining({ method: "POST", body: '{"from":"ARCHIVE","patient_id":"P-1"}', signal }),
    );
  });
  it("is fetched from", async () => {
    const asked = answers(201, '{"id":1}');
    await fetchStudy({ from: "ARCHIVE", study_uid: "1.2" });
    expect(asked).toHaveBeenCalledWith("/api/nodes/fetch", expect.objectContaining({ method: "POST" }));
  });
  it("is none where a page answers", async () => {
    answers(200, "<html>", "text/html");
    expect(await findSources(signal).catch((error: unknown) => error)).toBeInstanceOf(NodeError);
  });
  it.each(["unreachable", "rejects", "not_offered", "fails", "broken_off", "late"])(
    "that fails (%s) has a line in both languages",
    async (why) => {
      answers(502, JSON.stringify({ error: "x", code: `node_${why}` }));
      const error = await searchNode({ from: "ARCHIVE", text: "x" }, signal).catch((error: unknown) => error);
      const [en, zh] = (["en", "zh"] as const).map((language) => reasonText(error, wordsIn(language)));
      expect(en).toMatch(/^[A-Z].*\.$/);
      expect(zh).toMatch(/[\u4e00-\u9fff]/);
      expect(zh).not.toBe(wordsIn("zh").say("fault_text_unknown"));
    },
  );
  it("is lost only where nobody answers", () => {
    const words = wordsIn("en");
    expect(reasonText(new TypeError("Failed to fetch"), words)).toBe(words.say("state_lost"));
    expect(reasonText(new RangeError("a frame of 3 bytes"), words)).toBe(words.say("fault_text_not_drawable"));
    const refused = new NodeError(406, { error: "", code: "not_drawable" });
    expect(reasonText(refused, words)).toBe(words.say("fault_text_not_drawable"));
  });
});
