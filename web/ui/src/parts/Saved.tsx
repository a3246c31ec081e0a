import type { ExamState } from "../exam/store";
import { useWords } from "../words/words";
import { Shape } from "./shapes";

/** Whether the program has everything that a person did; nothing where it keeps no examinations. */
export function Saved({ state: { view, away, waiting } }: { readonly state: ExamState }) {
  const { say } = useWords();
  if (!view) {
    return null;
  }
  const [status, word] = away
    ? (["stop", "state_lost"] as const)
    : !view.saved && view.not_saved_why
      ? (["stop", "not_saved"] as const)
      : waiting > 0 || !view.saved
        ? (["off", "saving"] as const)
        : (["ok", "all_saved"] as const);
  return (
    <span
      className="row quiet small"
      data-saved={status}
      title={view.not_saved ? say(`not_saved_${view.not_saved}`) : undefined}
    >
      <Shape status={status} /> {say(word)}
    </span>
  );
}
