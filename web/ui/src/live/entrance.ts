/**
 * Why this page cannot watch an examination. A refused socket tells its page nothing, so what else the program says of the
 * examination is asked.
 */
import { useEffect, useState } from "react";
import { type ExamSummary, listExams, type ReportView } from "../exam/api";
import type { ExamState } from "../exam/store";

/**
 * `signed`: closed for good. `unknown`: there is none of this name. `unreadable`: its journal has a fault. `none_open`: none was named and none is open. `full`: as many
 * go on as may. `other_source`: it began on another kind of source than the program has. `crowded`: as many windows watch it as may. `refused`: the program has another reason, such as its source.
 */
export type Closed =
  | "signed"
  | "unknown"
  | "unreadable"
  | "none_open"
  | "full"
  | "other_source"
  | "crowded"
  | "refused";

/** So many examinations go on at once (`MAX_ROOMS` of the program). */
const MOST_LIVE = 8;
const ASK_EVERY_MS = 3000;

interface Facts {
  /** The one that is meant; `null`: the newest open one. */
  readonly exam: string | null;
  readonly state: Pick<ExamState, "presence" | "view" | "away">;
  /** The program's socket has greeted this page, and is there. */
  readonly connected: boolean;
  /** It was there before: a window that watched is not kept out for a reason that nobody knows, its socket is lost. */
  readonly greeted: boolean;
  /** The socket was closed again and again before the program said a word. */
  readonly refused: boolean;
  /** The list, asked for since the socket was refused; `null` where there is no answer. */
  readonly rows: readonly Pick<ExamSummary, "id" | "live">[] | null;
}

export function isSigned(view: ReportView | null): boolean {
  return (view?.report.signatures.length ?? 0) > 0;
}

/** `null`: nothing is known that keeps this page from watching. */
export function closedFor({ exam, state, connected, greeted, refused, rows }: Facts): Closed | null {
  if (connected) {
    return null;
  }
  if (isSigned(state.view)) {
    return "signed";
  }
  // A program that answers nothing is away, which is told elsewhere.
  if (!refused || state.away || !rows) {
    return null;
  }
  if (!state.view) {
    const known = rows.some(({ id }) => id === exam) ? "unreadable" : "unknown";
    return state.presence !== "missing" ? null : exam === null ? "none_open" : known;
  }
  if (state.view.other_source) {
    return "other_source";
  }
  const goesOn = rows.some(({ id, live }) => live && id === exam);
  if (!goesOn && rows.filter(({ live }) => live).length >= MOST_LIVE) {
    return "full";
  }
  return greeted ? null : goesOn ? "crowded" : "refused";
}

/** Asks for the list as long as the socket is refused. */
export function useClosed(facts: Omit<Facts, "rows">): Closed | null {
  const { refused } = facts;
  const [rows, setRows] = useState<Facts["rows"]>(null);
  useEffect(() => {
    setRows(null);
    if (!refused) {
      return;
    }
    let mounted = true;
    const look = async (): Promise<void> => {
      // Those that go on stand first.
      const answer = await listExams(2 * MOST_LIVE);
      if (mounted) {
        setRows(answer.kind === "ok" ? answer.value : null);
      }
    };
    void look();
    const timer = setInterval(look, ASK_EVERY_MS);
    return () => {
      mounted = false;
      clearInterval(timer);
    };
  }, [refused]);
  return closedFor({ ...facts, rows });
}
