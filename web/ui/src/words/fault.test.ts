import { describe, expect, it } from "vitest";
import { faultIn, faultText } from "./fault";
import { wordsIn } from "./words";

describe("what the program refused", () => {
  it.each([
    ["name_taken", "That name is taken.", "该名称已被使用。"],
    ["no_room", "The disk is full.", "磁盘已满。"],
    ["blank_name", "A name must hold more than blanks.", "姓名不能只有空格。"],
    ["unknown_exam", "There is no such examination.", "没有此检查。"],
  ])("is said by its key: %s", (code, en, zh) => {
    const fault = faultIn(JSON.stringify({ error: "for programs", code }));
    expect([faultText(fault, wordsIn("en")), faultText(fault, wordsIn("zh"))]).toEqual([en, zh]);
  });
  it("is not said twice, and has its reason, where a key says not what stands against it", () => {
    const taken = faultIn('{"error":"another order has the ID of this procedure step","code":"conflict"}');
    const said = (language: "en" | "zh", fault = taken): string => {
      const words = wordsIn(language);
      return words.say("send_not_asked", { reason: faultText(fault, words) });
    };
    expect(said("en")).toBe("It cannot be done: another order has the ID of this procedure step");
    expect(said("zh")).toBe("无法执行：与已有内容冲突。");
    expect(said("en", { error: "", code: "conflict" })).toBe(
      "It cannot be done: It does not fit what is there already.",
    );
  });
  it("is said in the program's words only to who reads them", () => {
    const fault = faultIn('{"error":"a new reason","code":"of_tomorrow"}');
    expect(faultText(fault, wordsIn("en"))).toBe("a new reason");
    expect(faultText(fault, wordsIn("zh"))).not.toMatch(/[a-z]/);
    expect(faultText(faultIn("<html>"), wordsIn("en"))).toBe("The program gave no reason.");
  });
});
