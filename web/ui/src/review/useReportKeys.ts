import { useEffect, useRef } from "react";
import { singleKeysAct } from "../words/preferences";
import { commandOf, type ReportCommand } from "./keys";

/** Follows the report's keys while the page is there. */
export function useReportKeys(onCommand: (command: ReportCommand) => void): void {
  const latest = useRef(onCommand);
  latest.current = onCommand;
  useEffect(() => {
    const singleKeys = singleKeysAct();
    const onKeyDown = (event: KeyboardEvent): void => {
      const { target } = event;
      const command = commandOf({
        key: event.key,
        ctrl: event.ctrlKey || event.metaKey,
        other: event.altKey || event.repeat,
        typing: target instanceof Element && isWritten(target) && !(isFigure(target) && LETTERS.test(event.key)),
        singleKeys,
      });
      if (command) {
        event.preventDefault();
        // A figure that is being written is said before the report is signed.
        if (command.kind === "sign" && target instanceof HTMLElement && isWritten(target)) {
          target.blur();
        }
        latest.current(command);
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** No figure has these letters in it: they are keys there, too. */
const LETTERS = /^[nc]$/i;
const isFigure = (element: Element): boolean => element.getAttribute("inputmode") === "decimal";
const isWritten = (element: Element): boolean => element.closest("input, textarea, select") !== null;
