import { describe, expect, it } from "vitest";
import type { Hello } from "../api/wire";
import type { CapturePhase } from "../capture/phase";
import type { Scene } from "../live/examination";
import { wordsIn } from "../words/words";
import { adviceOf, oldWord } from "./advice";

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
    expect(detail({ concern: "first", deviceLost: "unreachable" }, "en")).toMatch(/^Nothing answers there/);
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
