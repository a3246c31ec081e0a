/** The tokens keep their promises: contrast by script, and no value written beside them. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const tokens = read("tokens.css");

function colour(name: string): readonly [number, number, number] {
  const hex = tokens.match(new RegExp(`--${name}: #([0-9a-f]{6})`))?.[1] ?? "";
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

function luminance(name: string): number {
  const [r, g, b] = colour(name).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe("contrast", () => {
  const grounds = ["bg-1", "bg-2", "bg-3", "bg-4"];
  it.each(["text-1", "text-2", "text-3", "accent"])("%s reads on every surface (4.5)", (text) => {
    for (const ground of grounds) {
      expect(contrast(text, ground), ground).toBeGreaterThan(4.5);
    }
  });
  it.each(["ok", "warn", "stop", "info", "off", "line-2"])("%s is seen on every surface (3)", (shape) => {
    for (const ground of grounds) {
      expect(contrast(shape, ground), ground).toBeGreaterThan(3);
    }
  });
  it.each([
    ["accent-ink", "accent"],
    ["br-ink", "br3"],
    ["br-ink", "br4a"],
    ["br-ink", "br4b"],
    ["br-ink", "br4c"],
    ["br-ink-2", "br5"],
  ])("%s reads on %s (4.5)", (ink, ground) => {
    expect(contrast(ink, ground)).toBeGreaterThan(4.5);
  });
});

const STYLES = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".css") && file !== "tokens.css",
);

describe("the styles", () => {
  it.each(STYLES)("%s takes its colours from the tokens", (file) => {
    const written = read(file).match(/#[0-9a-f]{3,8}\b/gi) ?? [];
    // White over a key plane's own black shade: there is no surface token for a picture's edge.
    expect(written.filter((value) => value !== "#fff")).toEqual([]);
  });
  it.each(STYLES)("%s has no type of its own size under 12 px", (file) => {
    const sizes = [...read(file).matchAll(/font-size: ([\d.]+)(px|rem)/g)];
    for (const [, value, unit] of sizes) {
      expect(Number(value) * (unit === "rem" ? 14 : 1)).toBeGreaterThanOrEqual(12);
    }
  });
});
