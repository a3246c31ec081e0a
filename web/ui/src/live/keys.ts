/** The live keys: one table, shown by `?` and followed by the page. */
import { useEffect, useRef } from "react";
import type { Source } from "../api/wire";
import type { IconName } from "../parts/shapes";
import type { WordKey } from "../words/words";
import type { Pedals } from "./pedals";
import { isCaptured } from "./source";

export type Action =
  | "marks"
  | "keep"
  | "side"
  | "place"
  | "next"
  | "dismiss"
  | "again"
  | "another"
  | "undo"
  | "big"
  | "faults"
  | "keys"
  | "pause"
  | "truth"
  | "sweep"
  | "capture"
  | "depth"
  | "calibrate"
  | "third"
  | "plane"
  | "finish";

export interface Binding {
  readonly action: Action;
  /** `KeyboardEvent.key`, lower case. */
  readonly key: string;
  readonly word: WordKey;
  readonly icon: IconName;
}

export const BINDINGS: readonly Binding[] = [
  { action: "marks", key: "h", word: "marks", icon: "marks" },
  { action: "keep", key: " ", word: "keep_plane", icon: "keep" },
  { action: "side", key: "s", word: "side", icon: "side" },
  { action: "place", key: "m", word: "place", icon: "place" },
  { action: "next", key: "n", word: "next_lesion", icon: "next" },
  { action: "dismiss", key: "x", word: "dismiss", icon: "dismiss" },
  { action: "again", key: "=", word: "key_again", icon: "tick" },
  { action: "another", key: "o", word: "key_another", icon: "dismiss" },
  { action: "undo", key: "z", word: "undo", icon: "undo" },
  { action: "big", key: "b", word: "big_picture", icon: "big" },
  { action: "plane", key: "k", word: "plane_open", icon: "keep" },
  { action: "third", key: "v", word: "coronal_open", icon: "depth" },
  { action: "faults", key: "d", word: "faults", icon: "faults" },
  { action: "pause", key: "p", word: "pause", icon: "pause" },
  { action: "truth", key: "t", word: "show_truth", icon: "faults" },
  { action: "sweep", key: "r", word: "new_sweep", icon: "sweep" },
  { action: "depth", key: "e", word: "depth_title", icon: "depth" },
  { action: "calibrate", key: "l", word: "calibrate_title", icon: "calibrate" },
  { action: "capture", key: "c", word: "capture_title", icon: "capture" },
  { action: "finish", key: "f", word: "finish", icon: "finish" },
  { action: "keys", key: "?", word: "keys", icon: "keys" },
];

/** What there is to act on. */
export interface Has {
  readonly source: Source | undefined;
  /** The program keeps a report of this examination. */
  readonly report: boolean;
}

/** Whether there is what the action is about: where not, there is neither button nor key for it. */
export function isFor({ source, report }: Has, action: Action): boolean {
  switch (action) {
    case "faults":
      return source !== undefined && source.faults.length > 0;
    case "truth":
      return source?.has_truth ?? false;
    case "sweep":
      return source?.can_restart ?? false;
    case "depth":
      return source !== undefined && source.kind !== "phantom";
    case "calibrate":
      // A recording says itself which probe it is of, or its call does; the phantom's beam is known.
      return report && (source?.kind === "capture" || source?.kind === "device");
    case "capture":
      return isCaptured(source);
    case "again":
    case "another":
    case "place":
    case "finish":
      return report;
    default:
      return true;
  }
}

const OF_THIS_PAGE: readonly Action[] = ["marks", "next", "big", "third", "plane", "keys", "capture", "finish"];

/** Whether the action changes the examination of every page: a page that only watches may not. */
export function commands(action: Action): boolean {
  return !OF_THIS_PAGE.includes(action);
}

interface Listener {
  readonly onAction: (action: Action) => void;
  /** A lesion by its place in the alphabet, 0 for A. */
  readonly onLesion: (index: number) => void;
  readonly onEscape: () => void;
  /** Single keys may be switched off (WCAG 2.1.4); Escape stays. */
  readonly singleKeys: boolean;
  readonly pedals: Pedals;
}

/** The right pedal is held for so long before it means the side. */
const HELD_MS = 1000;

/** What a key is pressed on: what is typed in a field is the field's, but for the pedals, and a button has a Space of its own. */
type Where = "field" | "control" | "elsewhere";

type Meaning =
  | { readonly does: "escape" | "left_pedal" | "right_pedal" }
  | { readonly does: "action"; readonly action: Action }
  | { readonly does: "lesion"; readonly index: number };

/** What a key means for the page; `null`: it is not the page's. */
export function meaningOf(key: string, where: Where, singleKeys: boolean, { left, right }: Pedals): Meaning | null {
  if (key === "Escape") {
    return { does: "escape" };
  }
  // No field of this page has lines to turn over, and a list must not change under a foot; a letter that is typed is the field's.
  if ((key === left || key === right) && (key.length > 1 || where !== "field")) {
    return { does: key === left ? "left_pedal" : "right_pedal" };
  }
  if (where === "field") {
    return null;
  }
  if (!singleKeys || (where === "control" && key === " ")) {
    return null;
  }
  if (/^[1-9]$/.test(key)) {
    return { does: "lesion", index: Number(key) - 1 };
  }
  const binding = BINDINGS.find((each) => each.key === key.toLowerCase());
  return binding ? { does: "action", action: binding.action } : null;
}

const FIELDS = 'input:not([type="checkbox"], [type="radio"], [type="range"]), textarea, select';

function whereOf(target: EventTarget | null): Where {
  if (!(target instanceof Element)) {
    return "elsewhere";
  }
  return target.closest(FIELDS) ? "field" : target.closest("button, input, a") ? "control" : "elsewhere";
}

/** Follows the keys while the page is there. */
export function useKeys(listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    let held: ReturnType<typeof setTimeout> | undefined;
    const onKeyUp = (event: KeyboardEvent): void => {
      if (event.key === latest.current.pedals.right && held !== undefined) {
        clearTimeout(held);
        held = undefined;
        latest.current.onAction("next");
      }
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) {
        return;
      }
      const { onAction, onLesion, onEscape, singleKeys, pedals } = latest.current;
      const meaning = meaningOf(event.key, whereOf(event.target), singleKeys, pedals);
      if (meaning && meaning.does !== "escape" && meaning.does !== "lesion") {
        event.preventDefault();
      }
      switch (meaning?.does) {
        case "escape":
          onEscape();
          break;
        case "left_pedal":
          onAction("keep");
          break;
        case "right_pedal":
          held = setTimeout(() => {
            held = undefined;
            latest.current.onAction("side");
          }, HELD_MS);
          break;
        case "lesion":
          onLesion(meaning.index);
          break;
        case "action":
          onAction(meaning.action);
          break;
      }
    };
    // A click leaves the focus where it was: Space keeps the plane after it, and does not press the button again.
    const onMouseDown = (event: MouseEvent): void => {
      if (event.target instanceof Element && event.target.closest("button")) {
        event.preventDefault();
      }
    };
    window.addEventListener("keydown", onKeyDown);
    window.addEventListener("keyup", onKeyUp);
    window.addEventListener("mousedown", onMouseDown);
    return () => {
      clearTimeout(held);
      window.removeEventListener("keydown", onKeyDown);
      window.removeEventListener("keyup", onKeyUp);
      window.removeEventListener("mousedown", onMouseDown);
    };
  }, []);
}
