import type { LiveUpdate } from "../api/wire";
import type { ExamState } from "../exam/store";
import { useWords } from "../words/words";
import { Shape } from "./shapes";

interface Props {
  readonly state: ExamState;
  /** What the last frame said of the disk, which is newer than the report that is asked for. */
  readonly live?: LiveUpdate["state"] | undefined;
}

/** Whether the program has everything that a person did; nothing where it keeps no examinations. */
export function Saved({ state: { view, away, waiting }, live }: Props) {
  const { say } = useWords();
  if (!view) {
    return null;
  }
  const [status, word] = away
    ? (["stop", "state_lost"] as const)
    : live?.saved === false || (!view.saved && view.not_saved_why)
      ? (["stop", "not_saved"] as const)
      : waiting > 0 || !view.saved
        ? (["off", "saving"] as const)
        : (["ok", "all_saved"] as const);
  const trouble = live?.not_saved ?? view.not_saved;
  return (
    <span className="row quiet small" data-saved={status} title={trouble ? say(`not_saved_${trouble}`) : undefined}>
      <Shape status={status} /> {say(word)}
    </span>
  );
}
