import { describe, expect, it } from "vitest";
import { whoText } from "../exam/format";
import { wordsIn } from "../words/words";
import { isCaptured, isDevice, sourceName } from "./source";

describe("names that the program gives", () => {
  const [en, zh] = [wordsIn("en"), wordsIn("zh")];
  it.each([
    ["capture", "Capture", "采集"],
    ["recording", "Replay", "回放"],
    ["virtual transducer", "Virtual transducer", "虚拟探头"],
    ["OpenIGTLink", "OpenIGTLink", "OpenIGTLink"],
  ])("the source %s reads %s and %s", (name, inEnglish, inChinese) => {
    expect([sourceName({ name }, en.say), sourceName({ name }, zh.say)]).toEqual([inEnglish, inChinese]);
  });
  it.each([
    ["capture", true, false],
    ["device", false, true],
    ["phantom", false, false],
    ["replay", false, false],
  ] as const)("a source of the kind %s", (kind, captured, device) => {
    expect([isCaptured({ kind }), isDevice({ kind })]).toEqual([captured, device]);
  });
  it("a source that is not known is neither", () => {
    expect([isCaptured(undefined), isDevice(null)]).toEqual([false, false]);
  });
  it.each([
    ["live page", "live page", "实时页"],
    ["report page", "report page", "报告页"],
    ["李医生", "李医生", "李医生"],
  ])("who did it, %s, reads %s and %s", (by, inEnglish, inChinese) => {
    expect([whoText(by, en), whoText(by, zh)]).toEqual([inEnglish, inChinese]);
  });
});
