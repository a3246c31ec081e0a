import { describe, expect, it } from "vitest";
import type { LiveUpdate, TrackView } from "../api/wire";
import { following, NOBODY, nextCurrent, unlisted } from "./current";
import { BINDINGS, meaningOf } from "./keys";
import { Losses } from "./losses";
import { canBe, pedalsOf, textOf, USUAL } from "./pedals";
import { ENDED_AFTER_MS, OLD_AFTER_MS, phaseOf } from "./phase";

function track(id: number, changes: Partial<TrackView> = {}): TrackView {
  const letter = String.fromCharCode(64 + id);
  return {
    id,
    letter,
    status: "seen",
    dismissed: false,
    place: null,
    may_be: null,
    box_px: null,
    contour_px: null,
    malignancy: 0.5,
    malignancy_95: null,
    birads: null,
    birads_said: false,
    descriptors: [],
    size_mm: null,
    size_px: null,
    size_said: false,
    sightings: 9,
    third: null,
    grounds: null,
    ...changes,
  };
}

describe("the current lesion", () => {
  it("is nobody before one is confirmed", () => {
    expect(nextCurrent(NOBODY, [track(1, { letter: null })]).track).toBeNull();
  });
  it("is the most suspicious in the picture", () => {
    expect(nextCurrent(NOBODY, [track(1, { malignancy: 0.1 }), track(2, { malignancy: 0.8 })]).track).toBe(2);
  });
  it("stays while it is in the picture, also where another is more suspicious", () => {
    const former = nextCurrent(NOBODY, [track(1)]);
    const tracks = [track(1, { status: "predicted" }), track(2, { malignancy: 0.9 })];
    expect(nextCurrent(former, tracks).track).toBe(1);
  });
  it("passes on when it has left the picture and another is there", () => {
    const former = nextCurrent(NOBODY, [track(1)]);
    expect(nextCurrent(former, [track(1, { status: "left" })]).track).toBe(1);
    expect(nextCurrent(former, [track(1, { status: "left" }), track(2)]).track).toBe(2);
  });
  it("is a person's choice until a new lesion is confirmed", () => {
    const chosen = { track: 1, byPerson: true, letters: 2 };
    const tracks = [track(1, { status: "left" }), track(2)];
    expect(nextCurrent(chosen, tracks).track).toBe(1);
    expect(nextCurrent(chosen, [...tracks, track(3)]).track).not.toBe(1);
  });
  it("is never a dismissed one", () => {
    const former = nextCurrent(NOBODY, [track(1)]);
    expect(nextCurrent(former, [track(1, { dismissed: true }), track(2)]).track).toBe(2);
  });
  it("goes round by letter", () => {
    const tracks = [track(1), track(2, { dismissed: true }), track(3)];
    expect([following(1, tracks), following(3, tracks), following(null, tracks), following(1, [])]).toEqual([
      3,
      1,
      1,
      null,
    ]);
  });
});

describe("lesions of the report that the live page does not list", () => {
  it("are those that the program no longer sends, but for the dismissed", () => {
    const lesions = [1, 2, 3, 4].map((lesion) => ({ lesion, dismissed: lesion === 4 }));
    expect(unlisted(lesions, [track(2), track(9)]).map(({ lesion }) => lesion)).toEqual([1, 3]);
  });
});

describe("the phase", () => {
  const update = (paused: boolean, codes: readonly string[] = []): LiveUpdate =>
    ({ state: { paused }, quality: codes.map((code) => ({ code })) }) as unknown as LiveUpdate;
  const signs = { connected: true, greetedOnce: true, plays: false, age: 0 };
  it.each([
    ["connecting", { ...signs, connected: false, greetedOnce: false, update: null }],
    ["first", { ...signs, update: null }],
    ["lost", { ...signs, connected: false, update: update(false) }],
    ["lost", { ...signs, connected: false, update: update(true) }],
    ["scanning", { ...signs, update: update(false, ["blur"]) }],
    ["paused", { ...signs, age: 60_000, update: update(true) }],
    ["waiting", { ...signs, age: OLD_AFTER_MS + 1, update: update(false) }],
    ["waiting", { ...signs, age: 60_000, update: update(false) }],
    ["waiting", { ...signs, plays: true, age: OLD_AFTER_MS + 1, update: update(false) }],
    ["ended", { ...signs, plays: true, age: ENDED_AFTER_MS + 1, update: update(false) }],
    ["paused", { ...signs, plays: true, age: 60_000, update: update(true) }],
    ["waiting", { ...signs, update: update(false, ["source_lost"]) }],
    ["frozen", { ...signs, update: update(false, ["frozen"]) }],
  ] as const)("is %s", (expected, given) => {
    expect(phaseOf(given)).toBe(expected);
  });
});

describe("losses", () => {
  /** What is told at the end of seconds with 30 frames each, of which so many were dropped; `null`: nothing was drawn. */
  function told(...seconds: readonly (number | null)[]): number | null {
    const losses = new Losses();
    let share = losses.take({ at: 0, frame: 0, dropped: 0 });
    let dropped = 0;
    seconds.forEach((more, second) => {
      dropped += more ?? 30;
      if (more !== null) {
        share = losses.take({ at: (second + 1) * 1000, frame: (second + 1) * 30, dropped });
      }
    });
    return share;
  }
  it("are the share of the last ten seconds, told after four", () => {
    expect(told(15, 15, 15)).toBeNull();
    expect(told(15, 15, 15, 15)).toBeCloseTo(0.5);
    expect(told(30, 30, ...Array<number>(10).fill(3))).toBeCloseTo(0.1);
  });
  it("count nothing while the page is hidden", () => {
    expect(told(0, 0, 0, 0, null, null, null, 0)).toBeNull();
    expect(told(0, 0, 0, 0, null, null, null, 0, 0, 0, 0, 0)).toBe(0);
  });
  it("begin anew with another sweep", () => {
    const losses = new Losses();
    losses.take({ at: 0, frame: 500, dropped: 90 });
    expect(losses.take({ at: 5000, frame: 10, dropped: 0 })).toBeNull();
  });
});

describe("the keys", () => {
  it("are each for one action", () => {
    expect(new Set(BINDINGS.map(({ key }) => key)).size).toBe(BINDINGS.length);
  });
  it.each([
    ["e", "elsewhere", { does: "action", action: "depth" }],
    ["E", "control", { does: "action", action: "depth" }],
    ["4", "elsewhere", { does: "lesion", index: 3 }],
    [" ", "elsewhere", { does: "action", action: "keep" }],
    [" ", "control", null],
    ["e", "field", null],
    ["4", "field", null],
    ["Enter", "field", null],
    // A name was just typed, the hand holds the probe: the foot still ends the sweep.
    ["PageUp", "field", { does: "left_pedal" }],
    ["PageDown", "field", { does: "right_pedal" }],
    ["Escape", "field", { does: "escape" }],
    ["PageUp", "control", { does: "left_pedal" }],
    ["PageDown", "elsewhere", { does: "right_pedal" }],
    ["=", "elsewhere", { does: "action", action: "again" }],
    // The letter of a lesion answers nothing.
    ["a", "elsewhere", null],
    ["o", "elsewhere", { does: "action", action: "another" }],
    ["q", "elsewhere", null],
  ] as const)("%s pressed on a %s", (key, where, expected) => {
    expect(meaningOf(key, where, true, USUAL)).toEqual(expected);
  });
  it("rest where single keys are switched off, but for Escape and the pedals", () => {
    const meant = ["e", "4", " ", "Escape", "PageUp"].map(
      (key) => meaningOf(key, "elsewhere", false, USUAL)?.does ?? null,
    );
    expect(meant).toEqual([null, null, null, "escape", "left_pedal"]);
  });
});

describe("a foot switch", () => {
  it("may send other keys, which mean the same; a letter that is typed stays the field's", () => {
    const pedals = pedalsOf("F8 j");
    const meant = (key: string, where: "field" | "elsewhere") => meaningOf(key, where, true, pedals)?.does ?? null;
    expect([meant("F8", "field"), meant("j", "elsewhere"), meant("j", "field")]).toEqual([
      "left_pedal",
      "right_pedal",
      null,
    ]);
    expect([meant("PageUp", "elsewhere"), pedalsOf(textOf(pedals))]).toEqual([null, pedals]);
  });
  it("takes no key that has a meaning, and none twice", () => {
    for (const key of ["Escape", "Enter", "Tab", "Shift", "h", "H", " ", "4", "?", "F8", ""]) {
      expect(canBe(key, "F8"), key).toBe(false);
    }
    expect([canBe("PageUp", "F8"), canBe("ArrowLeft", "F8")]).toEqual([true, true]);
    for (const nonsense of [null, "", "F8", "F8 F8", "h F8", "Escape F8"]) {
      expect(pedalsOf(nonsense)).toEqual(USUAL);
    }
  });
});
