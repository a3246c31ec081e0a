/** The lexicon's words in the order in which the form offers them; a word is its feature and its key. */
export const LEXICON = {
  shape: ["oval", "round", "irregular"],
  orientation: ["parallel", "not_parallel"],
  margin: ["circumscribed", "indistinct", "angular", "microlobulated", "spiculated"],
  echo: ["anechoic", "hyperechoic", "complex", "hypoechoic", "isoechoic", "heterogeneous"],
  posterior: ["none", "enhancement", "shadowing", "combined"],
  calcification: ["none", "in_mass", "outside", "intraductal"],
  boundary: ["abrupt", "halo"],
  associated: [
    "none",
    "distortion",
    "duct_ectasia",
    "duct_change",
    "skin_thickening",
    "skin_retraction",
    "edema",
    "cooper",
  ],
  vascularity: ["none", "internal", "rim", "diffuse"],
  elasticity: ["soft", "intermediate", "hard"],
  tissue: ["fat", "fibroglandular", "heterogeneous"],
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
  associated: "associated.none",
  vascularity: "vascularity.none",
};

/** These words are the fourth edition's alone. */
const OF_FOURTH: readonly Word[] = ["associated.cooper", "vascularity.diffuse"];

/** The words that the form offers under an edition of the lexicon, and those that were said all the same. */
export function offered(feature: Feature, edition: string, said: readonly Word[]): readonly Word[] {
  const words = LEXICON[feature].map((key) => wordOf(feature, key));
  return words.filter((word) => edition === "birads_us_4" || !OF_FOURTH.includes(word) || said.includes(word));
}

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
