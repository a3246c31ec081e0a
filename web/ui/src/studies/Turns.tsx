import { useState } from "react";
import { useWords, type WordKey } from "../words/words";

const SIDES = ["list", "beside"] as const;
/** The list, or what stands beside it where there is room for both. */
export type Side = (typeof SIDES)[number];

/** What stands beside a list. */
export interface Beside {
  readonly name: WordKey;
  /** A person opened it, and so it is what is seen; else the list is until something else is asked for. */
  readonly opened: boolean;
}

export interface UsedTurns {
  readonly shows: Side;
  readonly show: (side: Side) => void;
}

/** Which of both is seen where they take turns. */
export function useTurns(beside: Beside | null): UsedTurns {
  const [asked, setAsked] = useState<{ readonly of: WordKey; readonly side: Side } | null>(null);
  return {
    shows: shownOf(beside, asked),
    show: (side) => setAsked(beside && { of: beside.name, side }),
  };
}

/** What was asked for while something else stood beside the list counts no more. */
export function shownOf(beside: Beside | null, asked: { readonly of: WordKey; readonly side: Side } | null): Side {
  if (beside === null) {
    return "list";
  }
  return asked?.of === beside.name ? asked.side : beside.opened ? "beside" : "list";
}

interface Props {
  readonly list: WordKey;
  readonly beside: Beside | null;
  readonly turns: UsedTurns;
}

/** By these the list and what stands beside it take turns on a narrow page. */
export function Turns({ list, beside, turns: { shows, show } }: Props) {
  const { say } = useWords();
  if (beside === null) {
    return null;
  }
  return (
    <div className="segments turns">
      {SIDES.map((side) => (
        <button key={side} type="button" data-side={side} aria-pressed={shows === side} onClick={() => show(side)}>
          {say(side === "list" ? list : beside.name)}
        </button>
      ))}
    </div>
  );
}
