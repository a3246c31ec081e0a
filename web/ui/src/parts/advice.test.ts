import { describe, expect, it } from "vitest";
import type { Hello, LiveUpdate } from "../api/wire";
import type { CapturePhase } from "../capture/phase";
import type { Scene } from "../live/examination";
import { wordsIn } from "../words/words";
import { adviceOf, oldWord } from "./advice";
import { emptyWord } from "./Lesions";

const from = (kind: Hello["source"]["kind"], name: string, can_restart = false): Hello =>
  ({ source: { kind, name, can_restart } }) as Hello;
const PAGE = from("capture", "capture");
const DEVICE = from("device", "OpenIGTLink");
const PHANTOM = from("phantom", "virtual transducer", true);
const RECORDING = from("replay", "recording");

const scene = (changes: Partial<Scene>): Scene =>
  ({ phase: "waiting", hello: PAGE, update: null, watching: false, waiting: 0, forgotten: 0, ...changes }) as Scene;

describe("under the age of an old picture", () => {
  const check = (said: string, changes: Partial<Scene>, capture: CapturePhase | null): void => {
    expect(oldWord(scene(changes), capture)).toBe(said);
  };
  it("a return by itself is promised only where there is one", () => {
    check("old_picture_do", {}, "capturing");
    check("capture_gone_do", {}, "gone");
    check("capture_idle_do", {}, "idle");
    check("capture_denied_do", {}, "denied");
    check("old_watched_do", { watching: true }, "idle");
    check("stalled_device_do", { hello: DEVICE }, null);
    check("stalled_plays_do", { hello: PHANTOM }, null);
    check("stalled_plays_do", { hello: RECORDING }, null);
    check("old_lost_do", { phase: "lost" }, "capturing");
  });
});

describe("a sweep that rests", () => {
  it.each([
    [PHANTOM, "P or a new sweep (R) goes on", "按 P 或 R（重新扫查）继续"],
    [from("phantom", "virtual transducer"), "P goes on", "按 P 继续"],
    [DEVICE, "P goes on", "按 P 继续"],
  ] as const)("names a new sweep only where there is a key for it", (hello, en, zh) => {
    const said = (language: "en" | "zh") =>
      adviceOf(scene({ concern: "paused", phase: "paused", hello }), wordsIn(language))?.detail;
    expect([said("en"), said("zh")]).toEqual([en, zh]);
  });
});

describe("a model that fails", () => {
  const update = { model_failed: true } as unknown as LiveUpdate;
  it.each([
    ["en", "Model failed: lesions are not looked for"],
    ["zh", "模型故障：当前未检测病灶"],
  ] as const)("is said in %s, and that lesions are not looked for", (language, said) => {
    const advice = adviceOf(scene({ concern: "model_failed", update }), wordsIn(language));
    expect(advice).toMatchObject({ status: "stop", title: said });
    expect(advice?.detail).not.toBe("");
    const hello = { model: {} } as Hello;
    expect(wordsIn(language).say(emptyWord({ hello, update }))).toBe(said);
    expect(emptyWord({ hello, update: { model_failed: false } as unknown as LiveUpdate })).toBe("no_lesion");
  });
});

describe("a disk that takes nothing", () => {
  const unsaved = (not_saved: string | null, dropped_planes = 0) =>
    scene({
      concern: "not_saved",
      update: { state: { saved: false, not_saved, dropped_planes } } as unknown as LiveUpdate,
    });
  it.each([
    ["no_room", "Disk full: nothing is being saved", "磁盘已满：当前内容未保存"],
    ["read_only", "Disk not writable: nothing is being saved", "磁盘不可写：当前内容未保存"],
    ["refused", "Disk refuses: nothing is being saved", "磁盘拒绝写入：当前内容未保存"],
    [null, "Disk refuses: nothing is being saved", "磁盘拒绝写入：当前内容未保存"],
  ])("is said with its reason: %s", (why, en, zh) => {
    expect(adviceOf(unsaved(why), wordsIn("en"))).toMatchObject({ status: "stop", title: en });
    expect(adviceOf(unsaved(why), wordsIn("zh"))).toMatchObject({ status: "stop", title: zh });
  });
  it("says what is gone, and only that", () => {
    expect(adviceOf(unsaved("no_room", 3), wordsIn("zh"))?.detail).toMatch(/关键切面：3 个。$/);
    expect(adviceOf(unsaved("no_room", 3), wordsIn("en"))?.detail).toMatch(/not kept: 3\.$/);
    expect(adviceOf(unsaved("no_room"), wordsIn("en"))?.detail).not.toMatch(/planes/);
  });
});

describe("the advice while no picture comes", () => {
  const titles = (changes: Partial<Scene>): readonly (string | undefined)[] =>
    (["en", "zh"] as const).map((language) => adviceOf(scene(changes), wordsIn(language))?.title);
  it("names the device that is waited for", () => {
    expect(titles({ concern: "first", hello: DEVICE })).toEqual(["Waiting for OpenIGTLink", "等待 OpenIGTLink"]);
    expect(titles({ concern: "waiting", hello: DEVICE })).toEqual([
      "No picture from OpenIGTLink",
      "没有来自 OpenIGTLink 的画面",
    ]);
    expect(titles({ concern: "first", hello: PHANTOM })).toEqual(["Waiting for the first picture", "等待第一帧图像"]);
  });
  it("says why a device is lost, where that is known", () => {
    const detail = (changes: Partial<Scene>, language: "en" | "zh"): string | undefined =>
      adviceOf(scene({ hello: DEVICE, ...changes }), wordsIn(language))?.detail;
    expect(detail({ concern: "first", deviceLost: "unreachable" }, "en")).toMatch(/^Nothing answers/);
    expect(detail({ concern: "waiting", deviceLost: "silent" }, "zh")).toMatch(/未发送图像/);
    expect(detail({ concern: "waiting", deviceLost: null }, "en")).toMatch(/connects again by itself/);
    expect(oldWord(scene({ hello: DEVICE, deviceLost: "unauthorized" }), null)).toBe("device_unauthorized");
  });
  it("says that a sweep has ended, and the new one only where there can be one", () => {
    const details = [PHANTOM, RECORDING].map(
      (hello) => adviceOf(scene({ concern: "ended", hello }), wordsIn("en"))?.detail,
    );
    expect(details).toEqual(["R begins a new sweep, F goes to the report", "F goes to the report"]);
  });
});
