/** The two pedals of a foot switch, which is a keyboard with two keys. Which keys it sends is its own: a person teaches them. */
import { BINDINGS } from "./keys";

export type Pedal = "left" | "right";
/** `KeyboardEvent.key` of each. */
export type Pedals = Readonly<Record<Pedal, string>>;

/** As most foot switches come: the left one keeps the plane, the right one is the next lesion and, held, the side. */
export const USUAL: Pedals = { left: "PageUp", right: "PageDown" };

const PAGES_OWN = new Set([
  "Escape",
  "Tab",
  "Enter",
  "Shift",
  "Control",
  "Alt",
  "AltGraph",
  "Meta",
  "CapsLock",
  "Dead",
]);

/** Whether a key can be a pedal: none that has a meaning here already, and none that the other pedal has. */
export function canBe(key: string, other: string): boolean {
  const taken = /^[0-9]$/.test(key) || BINDINGS.some((each) => each.key === key.toLowerCase());
  return key !== "" && key !== other && !taken && !PAGES_OWN.has(key);
}

/** What was remembered as `left right`; the usual ones where that is nothing that can be. */
export function pedalsOf(text: string | null): Pedals {
  const [left = "", right = ""] = text?.split(" ") ?? [];
  return canBe(left, right) && canBe(right, left) ? { left, right } : USUAL;
}

export const textOf = ({ left, right }: Pedals): string => `${left} ${right}`;

const SHORT: Readonly<Record<string, string>> = {
  PageUp: "PgUp",
  PageDown: "PgDn",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** As it stands on a key. */
export const capOf = (key: string): string => SHORT[key] ?? (key.length === 1 ? key.toUpperCase() : key);
