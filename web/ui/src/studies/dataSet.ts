/** Reading the DICOM JSON model (PS3.18 annex F). What is missing or of another shape is `null`, never a guess. */

/** An attribute: values, or the address of a long one. */
export interface Attribute {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}

/** Attributes by their tag, eight hexadecimal digits. */
export type DataSet = Readonly<Record<string, Attribute | undefined>>;

export function valuesOf(dataSet: DataSet, tag: string): readonly unknown[] {
  return dataSet[tag]?.Value ?? [];
}

/** The first value as text, without the spaces around it. */
export function textOf(dataSet: DataSet, tag: string): string | null {
  const [value] = valuesOf(dataSet, tag);
  const text = typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
  return text === "" ? null : text;
}

export function textsOf(dataSet: DataSet, tag: string): readonly string[] {
  return valuesOf(dataSet, tag).filter((value) => typeof value === "string");
}

/** All values that are numbers; decimal strings may come as texts (PS3.18 §F.2.3.1). */
export function numbersOf(dataSet: DataSet, tag: string): readonly number[] {
  return valuesOf(dataSet, tag).map((value) =>
    typeof value === "number" ? value : typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN,
  );
}

export function numberOf(dataSet: DataSet, tag: string): number | null {
  const [value] = numbersOf(dataSet, tag);
  return value !== undefined && Number.isFinite(value) ? value : null;
}

export function itemsOf(dataSet: DataSet, tag: string): readonly DataSet[] {
  return valuesOf(dataSet, tag).filter((value): value is DataSet => typeof value === "object" && value !== null);
}

/** Kana, ideographs and Hangul, between which no space is written. */
const WRITTEN_IN_ONE = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** A component group as people write it; of whichever: there are machines that have one alone, and write ideographs there. */
export const writtenName = (group: string): string =>
  group
    .split("^")
    .map((part) => part.trim())
    .filter(Boolean)
    .join(WRITTEN_IN_ONE.test(group) ? "" : " ");

/** The groups of a name as people write them (PS3.5 §6.2.1), `""` where there is none. */
function groupsOf(dataSet: DataSet, tag: string): readonly [latin: string, own: string, sound: string] {
  const [value] = itemsOf(dataSet, tag) as readonly Readonly<Record<string, unknown>>[];
  const group = (kind: string): string => {
    const text = value?.[kind];
    return typeof text === "string" ? writtenName(text) : "";
  };
  return [group("Alphabetic"), group("Ideographic"), group("Phonetic")];
}

/** A name in the writing of the language where there is one: `王小明`, `DOE John`. */
export function nameOf(dataSet: DataSet, tag: string, language: "en" | "zh"): string | null {
  const [latin, own] = groupsOf(dataSet, tag);
  return (language === "zh" ? own || latin : latin || own) || null;
}

/** A name in every writing that it has. */
export const namesOf = (dataSet: DataSet, tag: string): readonly string[] => groupsOf(dataSet, tag).filter(Boolean);
