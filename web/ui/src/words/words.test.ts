import { describe, expect, it } from "vitest";
import { en } from "./en";
import { say, type WordKey } from "./words";
import { zh } from "./zh";

const keys = Object.keys(en) as WordKey[];
const fillings = (text: string): readonly string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

describe("both languages", () => {
  it("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(keys)("%s is said in both, with the same fillings", (key) => {
    expect(en[key].trim()).not.toBe("");
    expect(zh[key].trim()).not.toBe("");
    expect(fillings(zh[key])).toEqual(fillings(en[key]));
  });

  it("keep to their own signs: full-width stops in Chinese, no Chinese in English", () => {
    for (const key of keys) {
      expect(en[key], key).not.toMatch(/[\u3000-\u9fff\uff00-\uffef]/);
      expect(zh[key], key).not.toMatch(/\.$/);
    }
  });

  it("call the patient's identifier by one word", () => {
    expect(keys.filter((key) => zh[key].includes("编号"))).toEqual([]);
    expect(zh.patient_id).toBe("患者号");
  });

  it("fill in what is given and leave what is not", () => {
    expect(say("en", "to_confirm", { count: 3 })).toBe("3 to confirm");
    expect(say("zh", "to_confirm")).toBe("{count} 项待确认");
  });
});
