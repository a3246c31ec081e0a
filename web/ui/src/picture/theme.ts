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
  br2: "--br2",
  br3: "--br3",
  br4a: "--br4a",
  br4b: "--br4b",
  br4c: "--br4c",
  br5: "--br5",
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

/** Ground and ink of a category's chip. */
export function categoryColours(theme: Theme, category: string): readonly [ground: string, ink: string] {
  const grounds: Readonly<Record<string, string>> = {
    "2": theme.br2,
    "3": theme.br3,
    "4A": theme.br4a,
    "4B": theme.br4b,
    "4C": theme.br4c,
    "5": theme.br5,
  };
  return [
    grounds[category] ?? theme.bg3,
    category === "5" ? theme.brInk2 : grounds[category] ? theme.brInk : theme.text1,
  ];
}
