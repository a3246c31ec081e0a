/** The page's words in the chosen language. */
import { createContext, useContext } from "react";
import { en, type WordKey } from "./en";
import type { Language } from "./numbers";
import { zh } from "./zh";

export type { WordKey } from "./en";
export type { Language } from "./numbers";

const DICTIONARIES: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, zh };

/** What fills the `{…}` of a sentence. */
export type Fillings = Readonly<Record<string, string | number>>;

/** Says `key` in one language; a `{name}` without a filling stays as it is, so that tests see it. */
export function say(language: Language, key: WordKey, fillings: Fillings = {}): string {
  return DICTIONARIES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(fillings[name] ?? whole));
}

export interface Words {
  readonly language: Language;
  readonly say: (key: WordKey, fillings?: Fillings) => string;
}

export function wordsIn(language: Language): Words {
  return { language, say: (key, fillings) => say(language, key, fillings) };
}

export const WordsContext = createContext<Words>(wordsIn("en"));

export function useWords(): Words {
  return useContext(WordsContext);
}
