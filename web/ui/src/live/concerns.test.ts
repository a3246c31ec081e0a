import { describe, expect, it } from "vitest";
import type { Hello, LiveUpdate, Severity } from "../api/wire";
import { type ConcernKey, concernsOf, type Facts, foremost, oldestFirst } from "./concerns";

const WELL: Facts = {
  phase: "scanning",
  hello: { model: {} } as Hello,
  update: null,
  watching: false,
  lost: null,
  notice: null,
};

function picture(...faults: readonly (readonly [code: string, severity: Severity])[]): Partial<Facts> {
  return {
    update: {
      quality: faults.map(([code, severity]) => ({ code, severity })),
      state: { saved: true },
    } as unknown as LiveUpdate,
  };
}

const FAST = ["too_fast", "warn"] as const;
const DARK = ["gain_low", "warn"] as const;
const CONTACT = ["contact_lost", "stop"] as const;
const MARKS = ["marks", "info"] as const;
const SKIPPED = ["frames_dropped", "info"] as const;

/** On a picture that would give a warning of its own. */
const FAILED: Partial<Facts> = {
  update: {
    quality: [{ code: "gain_low", severity: "warn" }],
    model_failed: true,
    state: { saved: true },
  } as unknown as LiveUpdate,
};

const UNSAVED: Partial<Facts> = {
  update: { quality: [], state: { saved: false, not_saved: "no_room" } } as unknown as LiveUpdate,
};

/** What is spoken of after each of a run of moments. */
function spoken(...moments: readonly Partial<Facts>[]): readonly (ConcernKey | null)[] {
  let order: readonly ConcernKey[] = [];
  return moments.map((moment) => {
    const concerns = concernsOf({ ...WELL, ...moment });
    order = oldestFirst(order, concerns);
    return foremost(concerns, order);
  });
}

describe("the advice line speaks of", () => {
  it.each<[string, readonly Partial<Facts>[], readonly (ConcernKey | null)[]]>([
    ["nothing when all is well", [{}], [null]],
    [
      "the oldest among equals",
      [picture(FAST), picture(DARK, FAST), picture(DARK)],
      ["too_fast", "too_fast", "gain_low"],
    ],
    [
      "a fault that came back as the younger one",
      [picture(FAST), picture(DARK), picture(FAST, DARK)],
      ["too_fast", "gain_low", "gain_low"],
    ],
    [
      "the worst whatever its age",
      [picture(FAST), picture(FAST, CONTACT), picture(FAST)],
      ["too_fast", "contact_lost", "too_fast"],
    ],
    [
      "the page's warning before a picture's mere word",
      [picture(MARKS), { ...picture(MARKS), lost: 0.2 }],
      ["marks", "behind"],
    ],
    [
      "the picture's warning if it is older than the page's",
      [picture(DARK), { ...picture(DARK), lost: 0.2 }],
      ["gain_low", "gain_low"],
    ],
    [
      "losses once, as the page counts them",
      [picture(SKIPPED), { ...picture(SKIPPED), lost: 0.2 }],
      ["frames_dropped", "behind"],
    ],
    [
      "an answer to a key before a warning",
      [picture(DARK), { ...picture(DARK), notice: { says: "error_busy" } }],
      ["gain_low", "notice"],
    ],
    ["a stop before an answer to a key", [{ ...picture(CONTACT), notice: { says: "error_busy" } }], ["contact_lost"]],
    [
      "no fault of a picture that is old",
      [picture(CONTACT), { ...picture(CONTACT), phase: "lost" }],
      ["contact_lost", "lost"],
    ],
    ["no fault of a picture that rests", [{ ...picture(CONTACT), phase: "paused" }], ["paused"]],
    ["no loss from before the rest", [{ lost: 0.2 }, { lost: 0.2, phase: "paused" }], ["behind", "paused"]],
    [
      "another window before any fault",
      [picture(CONTACT), { ...picture(CONTACT), watching: true }],
      ["contact_lost", "watching"],
    ],
    ["the first picture that is waited for", [{ phase: "first" }], ["first"]],
    ["the end of a sweep, and no fault of its last picture", [{ ...picture(CONTACT), phase: "ended" }], ["ended"]],
    [
      "a model that fails, as long as it does, before any warning",
      [picture(DARK), FAILED, { ...FAILED, phase: "paused" }, picture(DARK)],
      ["gain_low", "model_failed", "paused", "gain_low"],
    ],
    [
      "a disk that takes nothing, also of a picture that rests, and not while the program is out of reach",
      [{ ...UNSAVED, ...picture(DARK) }, UNSAVED, { ...UNSAVED, phase: "paused" }, { ...UNSAVED, phase: "lost" }, {}],
      ["gain_low", "not_saved", "not_saved", "lost", null],
    ],
    ["a missing model", [{ hello: { model: null } as Hello }], ["no_model"]],
  ])("%s", (_, moments, expected) => {
    expect(spoken(...moments)).toEqual(expected);
  });
});
