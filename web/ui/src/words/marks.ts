/** Marks between words that are joined here: full-width in Chinese, where a screen reader pauses at nothing else. */
import type { Language } from "./numbers";

export const COMMA: Readonly<Record<Language, string>> = { en: ", ", zh: "，" };
export const COLON: Readonly<Record<Language, string>> = { en: ": ", zh: "：" };

const STOP: Readonly<Record<Language, string>> = { en: ".", zh: "。" };

/** Sentences one after the other, each with its stop; empty ones are passed over. */
export function sentences(said: readonly string[], language: Language): string {
  return said
    .filter((one) => one !== "")
    .map((one) => (/[.?!。？！…]$/.test(one) ? one : one + STOP[language]))
    .join(language === "zh" ? "" : " ");
}
