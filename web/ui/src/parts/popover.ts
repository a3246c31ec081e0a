/** Where a popover stands. */
import type { ToggleEvent } from "react";

/** From the menu to the edge of the window, px. */
const MARGIN = 16;
const BELOW = 8;

/** Puts the menu under its button, and not over the middle of the picture. */
export function standsUnder(button: HTMLElement | null, { newState, currentTarget }: ToggleEvent<HTMLElement>): void {
  if (button && newState === "open") {
    const { left, bottom } = button.getBoundingClientRect();
    currentTarget.style.setProperty("--left", `${Math.max(left, MARGIN)}px`);
    currentTarget.style.setProperty("--top", `${bottom + BELOW}px`);
  }
}
