/** A person's name as one writes it, and as DICOM has it (PS3.5 §6.2.1): family name and given name, in letters and in the own writing. */
import { writtenName } from "./dataSet";

/** Family names of two characters; every other one has one. */
const FAMILIES_OF_TWO = new Set(
  (
    "欧阳 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 " +
    "长孙 宇文 司徒 鲜于 司空 闾丘 公西 漆雕 乐正 公良 拓跋 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五"
  ).split(" "),
);

const IN_CHARACTERS = /^\p{Script=Han}+$/u;

/** A name as it was written, as a component group: `WANG Fang`, `Wang, Fang` and `王芳` are `WANG^Fang`, `Wang^Fang` and `王^芳`. */
export function groupOf(written: string): string {
  const text = written.trim().replace(/\s+/g, " ");
  if (text === "" || text.includes("^")) {
    return text;
  }
  if (IN_CHARACTERS.test(text)) {
    const letters = [...text];
    const family = letters.length > 2 && FAMILIES_OF_TWO.has(letters.slice(0, 2).join("")) ? 2 : 1;
    return [letters.slice(0, family), letters.slice(family)]
      .map((part) => part.join(""))
      .filter(Boolean)
      .join("^");
  }
  const [first = "", ...rest] = text.includes(",") ? text.split(/\s*,\s*/) : text.split(" ");
  return [first, rest.join(" ")].filter(Boolean).join("^");
}

/** What a person writes to get that group: itself where no other text gives it. */
export function writtenOf(group: string): string {
  const written = writtenName(group);
  return groupOf(written) === group ? written : group;
}

/** A name in letters, in the own writing and by its sound. The own writing may stand where the letters should, if nothing else is said. */
export function dicomName(letters: string, own: string, sound = ""): string {
  const isOwn = own.trim() === "" && IN_CHARACTERS.test(letters.trim());
  const groups = isOwn ? ["", letters, sound] : [letters, own, sound];
  return groups.map(groupOf).join("=").replace(/=+$/, "");
}

const IN_LETTERS = /^(?=.*\p{Script=Latin})[\p{Script=Latin}\P{L}]+$/u;

/** Whether a machine that reads only letters has a name to show: the first group has it, and nothing else (PS3.5 §6.2.1.2). */
export const isInLetters = (name: string): boolean => IN_LETTERS.test(groupsOf(name)[0]);

/** The three groups of a name. */
export function groupsOf(name: string): readonly [letters: string, own: string, sound: string] {
  const [letters = "", own = "", sound = ""] = name.split("=");
  return [letters, own, sound];
}

/** A name in the writing of the language where there is one. */
export function nameIn(name: string, language: "en" | "zh"): string | null {
  const [letters, own] = groupsOf(name).map(writtenName);
  return (language === "zh" ? own || letters : letters || own) || null;
}
