import type { ReactNode } from "react";
import { Shape, type Status } from "../parts/shapes";
import { OfStudy } from "./OfStudy";

interface Props {
  readonly doubt: "contradiction" | "aside" | "decided" | "merge" | "parting";
  readonly status: Status;
  /** Of which study; `null` where it is of all of a patient's. */
  readonly study: string | null;
  /** What is said of it. */
  readonly children: ReactNode;
  /** What can be done about it. */
  readonly acts: ReactNode;
  /** What one of these opened. */
  readonly opened?: ReactNode;
}

/** A row of what is doubtful about who was examined, or was said of it: of which study, what is said, and what can be done. */
export function DoubtRow({ doubt, status, study, children, acts, opened }: Props) {
  return (
    <li className="upload" data-doubt={doubt}>
      <Shape status={status} />
      <div className="two">
        {study !== null && <OfStudy uid={study} />}
        {children}
        <span className="send-acts">{acts}</span>
        {opened}
      </div>
    </li>
  );
}

interface ActProps {
  readonly action: string;
  /** Something else is under way: it is seen, and nothing more is asked meanwhile. */
  readonly busy?: boolean;
  /** Whether what it opens is open; left out where it opens nothing. */
  readonly opened?: boolean;
  /** Where the words on it do not say enough alone. */
  readonly label?: string;
  readonly onAct: () => void;
  readonly children: string;
}

/** What can be done about a row. */
export function DoubtAct({ action, busy, opened, label, onAct, children }: ActProps) {
  return (
    <button
      type="button"
      className="button small"
      data-action={action}
      aria-label={label}
      aria-disabled={busy}
      aria-expanded={opened}
      onClick={onAct}
    >
      {children}
    </button>
  );
}
