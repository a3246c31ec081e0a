/** What this browser remembers. A browser that refuses storage forgets at the end of the page, and nothing else. */
import type { Language } from "./numbers";

const LANGUAGE = "peony.language";
const SINGLE_KEYS = "peony.single-keys";
const PEDALS = "peony.pedals";
const MARKS = "peony.marks";
/** A usual distance, mm. */
const USUAL_MARKS_MM = "60";

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse; the choice holds for this page.
  }
}

export function rememberedLanguage(): Language {
  const kept = read(LANGUAGE);
  if (kept === "en" || kept === "zh") {
    return kept;
  }
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function rememberLanguage(language: Language): void {
  write(LANGUAGE, language);
}

export function singleKeysAct(): boolean {
  return read(SINGLE_KEYS) !== "off";
}

export function rememberSingleKeys(act: boolean): void {
  write(SINGLE_KEYS, act ? "on" : "off");
}

/** The keys of the foot switch; `null` where nobody taught any. */
export function rememberedPedals(): string | null {
  return read(PEDALS);
}

export function rememberPedals(text: string): void {
  write(PEDALS, text);
}

/** How far apart the marks of a calibration are, as it was written last: the panel is closed and opened while a probe is calibrated. */
export const rememberedMarks = (): string => read(MARKS) ?? USUAL_MARKS_MM;
export const rememberMarks = (written: string): void => write(MARKS, written);
