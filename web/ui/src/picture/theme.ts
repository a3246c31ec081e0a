/** The tokens that canvases draw with: read from `tokens.css`, so that no colour is written twice. */
const NAMES = {
  accent: "--accent",
  accentInk: "--accent-ink",
  text1: "--text-1",
  text2: "--text-2",
  text3: "--text-3",
  line2: "--line-2",
  bg1: "--bg-1",
  bg3: "--bg-3",
  info: "--info",
  warn: "--warn",
  well: "--well",
  brInk: "--br-ink",
  brInk2: "--br-ink-2",
  br0: "--br0",
  br1: "--br1",
  br2: "--br2",
  br3: "--br3",
  br4a: "--br4a",
  br4b: "--br4b",
  br4c: "--br4c",
  br5: "--br5",
  br6: "--br6",
  font: "--font",
} as const;

export type Theme = Readonly<Record<keyof typeof NAMES, string>> & {
  /** The root's font size, px: canvas text grows with the page's. */
  readonly rem: number;
};

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const values = Object.entries(NAMES).map(([key, name]) => [key, style.getPropertyValue(name).trim()]);
  return { ...(Object.fromEntries(values) as Record<keyof typeof NAMES, string>), rem: parseFloat(style.fontSize) };
}

interface CategoryColours {
  readonly ground: string | null;
  /** Up to 2 a category is an outline. */
  readonly edge: string | null;
  readonly ink: string;
}

/** How a category's chip is painted; `null`: there is none. */
export function categoryColours(theme: Theme, category: string | null): CategoryColours {
  const filled = (ground: string, ink = theme.brInk): CategoryColours => ({ ground, edge: null, ink });
  const outlined = (edge: string, ink = edge): CategoryColours => ({ ground: null, edge, ink });
  const colours: Readonly<Record<string, CategoryColours>> = {
    "0": outlined(theme.br0),
    "1": outlined(theme.br1),
    "2": outlined(theme.br2),
    "3": filled(theme.br3),
    "4": filled(theme.br4b),
    "4A": filled(theme.br4a),
    "4B": filled(theme.br4b),
    "4C": filled(theme.br4c),
    "5": filled(theme.br5, theme.brInk2),
    "6": filled(theme.br6, theme.brInk2),
  };
  return (category !== null && colours[category]) || { ground: null, edge: null, ink: theme.text2 };
}
