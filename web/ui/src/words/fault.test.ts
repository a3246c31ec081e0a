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
  it("is said in the program's words only to who reads them", () => {
    const fault = faultIn('{"error":"a new reason","code":"of_tomorrow"}');
    expect(faultText(fault, wordsIn("en"))).toBe("a new reason");
    expect(faultText(fault, wordsIn("zh"))).not.toMatch(/[a-z]/);
    expect(faultText(faultIn("<html>"), wordsIn("en"))).toBe("The program gave no reason.");
  });
});
