/** The lexicon's words in the order in which the form offers them; a word is its feature and its key. */
export const LEXICON = {
  shape: ["oval", "round", "irregular"],
  orientation: ["parallel", "not_parallel"],
  margin: ["circumscribed", "indistinct", "angular", "microlobulated", "spiculated"],
  echo: ["anechoic", "hyperechoic", "complex", "hypoechoic", "isoechoic", "heterogeneous"],
  posterior: ["none", "enhancement", "shadowing", "combined"],
  calcification: ["none", "in_mass", "outside", "intraductal"],
  boundary: ["abrupt", "halo"],
} as const;

export type Feature = keyof typeof LEXICON;
export type Word = { [F in Feature]: `${F}.${(typeof LEXICON)[F][number]}` }[Feature];
/** The page's word for it, such as `option_shape_oval`. */
export type OptionKey = { [F in Feature]: `option_${F}_${(typeof LEXICON)[F][number]}` }[Feature];

export const wordOf = (feature: Feature, key: string): Word => `${feature}.${key}` as Word;
export const optionKey = (word: Word): OptionKey => `option_${word.replace(".", "_")}` as OptionKey;

/** Of these features a lesion can have several words, except for the one that says that there is nothing to say. */
const ALONE: Readonly<Partial<Record<Feature, Word>>> = {
  margin: "margin.circumscribed",
  calcification: "calcification.none",
};

/** The words after one of them was chosen or taken back; the word that stands alone pushes the others out. */
export function toggled(feature: Feature, words: readonly Word[], word: Word): readonly Word[] {
  if (words.includes(word)) {
    return words.filter((each) => each !== word);
  }
  const alone = ALONE[feature];
  const kept = word === alone ? [] : words.filter((each) => each !== alone);
  const order: readonly string[] = LEXICON[feature];
  return [...kept, word].toSorted((a, b) => order.indexOf(keyOf(a)) - order.indexOf(keyOf(b)));
}

const keyOf = (word: Word): string => word.slice(word.indexOf(".") + 1);
