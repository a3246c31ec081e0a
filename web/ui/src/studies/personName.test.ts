import { describe, expect, it } from "vitest";
import { dicomName, groupOf, groupsOf, isInLetters, nameIn, writtenOf } from "./personName";

describe("a name as it is written", () => {
  it.each([
    ["WANG Fang", "WANG^Fang"],
    ["  WANG   XIAO MING ", "WANG^XIAO MING"],
    ["Van Damme, Jan", "Van Damme^Jan"],
    ["VAN DAMME^JAN", "VAN DAMME^JAN"],
    ["Madonna", "Madonna"],
    ["王芳", "王^芳"],
    ["王小明", "王^小明"],
    ["欧阳修", "欧阳^修"],
    ["欧阳", "欧^阳"],
    ["欧阳 娜娜", "欧阳^娜娜"],
    ["王", "王"],
    ["", ""],
    [" ", ""],
  ])("%j is %j", (written, group) => {
    expect(groupOf(written)).toBe(group);
  });
  it.each(["WANG^Fang", "王^小明", "欧阳^修", "VAN DAMME^JAN", "王^芳^^Dr", "王小^明", "Madonna", ""])(
    "%j can be written again",
    (group) => {
      expect(groupOf(writtenOf(group))).toBe(group);
    },
  );
  it("has its groups in their places", () => {
    expect(dicomName("WANG Fang", "王芳")).toBe("WANG^Fang=王^芳");
    expect(dicomName("WANG Fang", "")).toBe("WANG^Fang");
    expect(dicomName("", "王芳")).toBe("=王^芳");
    expect(dicomName("王芳", " ")).toBe("=王^芳");
    expect(dicomName("YAMADA Tarou", "山田 太郎", "やまだ^たろう")).toBe("YAMADA^Tarou=山田^太郎=やまだ^たろう");
    expect(dicomName(" ", "")).toBe("");
    expect(groupsOf("WANG^Fang=王^芳")).toEqual(["WANG^Fang", "王^芳", ""]);
  });
  it.each([
    ["WANG^Fang=王^芳", true],
    ["WANG^Fang", true],
    ["LÜ^Xiǎo-Míng", true],
    ["=王^芳", false],
    // The own writing in both fields, or beside letters in the first one.
    ["王^芳=王^芳", false],
    ["WANG 芳", false],
    ["7^-", false],
    ["", false],
  ])("%j is one for machines that read only letters: %s", (name, expected) => {
    expect(isInLetters(name)).toBe(expected);
  });
  it("is shown in the language's writing where there is one", () => {
    expect([nameIn("WANG^Fang=王^芳", "zh"), nameIn("WANG^Fang=王^芳", "en")]).toEqual(["王芳", "WANG Fang"]);
    expect([nameIn("=王^芳", "en"), nameIn("LI^NA", "zh"), nameIn("", "en")]).toEqual(["王芳", "LI NA", null]);
  });
});
