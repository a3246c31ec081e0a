import type { Role } from "../exam/api";
import { dateText, shortHash, timeText } from "../exam/format";
import type { Person } from "../exam/person";
import type { ExamState } from "../exam/store";
import type { Todo } from "../exam/todo";
import { KeyCap } from "../parts/chips";
import { Icon, Shape, type Status } from "../parts/shapes";
import { COMMA } from "../words/marks";
import { useWords, type Words } from "../words/words";
import { useReview } from "./context";
import { refusalText } from "./refusal";
import { todosText } from "./todoText";

interface Props {
  readonly state: ExamState;
  readonly todos: readonly Todo[];
  readonly person: Person;
  /** In which role the report can be signed now. */
  readonly turn: Role | null;
  readonly onBack: () => void;
  readonly onHome: () => void;
  /** What is left is shown as a list. */
  readonly listed: boolean;
  readonly onList: () => void;
  readonly onNext: () => void;
  readonly onSign: () => void;
  readonly onAdd: () => void;
}

export function Foot({ state, todos, person, turn, listed, onBack, onHome, onList, onNext, onSign, onAdd }: Props) {
  const words = useWords();
  const { say } = words;
  const { view, readOnly } = useReview();
  const signable = view.signable && !readOnly;
  const line = lineOf(state, todos, words);
  return (
    <footer className="foot">
      {/* What is signed is not scanned any further. */}
      <button type="button" className="button line" data-action="back" onClick={readOnly ? onHome : onBack}>
        <Icon name="back" /> {say(readOnly ? "all_exams" : "back_to_scan")}
      </button>
      <p className="said" aria-live="polite" data-line={line.status}>
        <Shape status={line.status} />
        <span>
          <b>{line.first}</b> {line.rest}
        </span>
      </p>
      {line.more > 0 && (
        <button type="button" className="button small line" aria-expanded={listed} data-action="todos" onClick={onList}>
          {say("more_to_confirm", { count: line.more })}
        </button>
      )}
      {readOnly ? (
        <>
          {turn === "reviewer" && (
            <button type="button" className="button line" data-action="review" onClick={onSign}>
              <Icon name="pen" /> {say("sign_review")}
            </button>
          )}
          <button type="button" className="button line" data-action="add" onClick={onAdd}>
            <Icon name="pen" /> {say("add_addendum")}
          </button>
        </>
      ) : (
        <>
          <button
            type="button"
            className={signable ? "button next" : "button line"}
            aria-disabled={!signable}
            data-action="sign"
            onClick={onSign}
          >
            <Icon name="pen" /> {person.name ? say("sign_as", { name: person.name }) : say("sign")}
            <KeyCap>Ctrl ⏎</KeyCap>
          </button>
          {todos.length > 0 && (
            <button
              type="button"
              className={signable ? "button" : "button next"}
              data-action="next-todo"
              onClick={onNext}
            >
              <Icon name="next" /> {say("next_to_confirm")} <KeyCap>N</KeyCap>
            </button>
          )}
        </>
      )}
    </footer>
  );
}

interface Line {
  readonly status: Status;
  readonly first: string;
  readonly rest: string;
  /** How many there are to do beyond those that the line names. */
  readonly more: number;
}

/** So many of the things to do are named in the line; the others stand in the list. */
const NAMED = 3;

/** The one line: what is wrong before what is left to do. */
export function lineOf(state: ExamState, todos: readonly Todo[], words: Words): Line {
  const { say, language } = words;
  const { view, away, waiting, refusal } = state;
  const [comma, semicolon] = language === "zh" ? ["，", "；"] : [",", ";"];
  if (away) {
    const rest =
      waiting === 0
        ? say("nothing_lost")
        : waiting === 1
          ? say("change_waits")
          : say("changes_wait", { count: waiting });
    return { status: "stop", first: say("state_lost") + semicolon, rest, more: 0 };
  }
  if (refusal) {
    return { status: "warn", first: say("not_taken"), rest: refusalText(refusal, words), more: 0 };
  }
  if (view?.report.altered) {
    return { status: "stop", first: say("altered_first") + semicolon, rest: say("altered_rest"), more: 0 };
  }
  const signature = view?.report.signatures.at(-1);
  if (signature) {
    const when = `${dateText(signature.at_ms, words)} ${timeText(signature.at_ms, words)}`;
    return {
      status: "ok",
      first: say("signed_by", { name: signature.name }) + comma,
      rest: `${when}${COMMA[language]}${shortHash(signature.sha256)}`,
      more: 0,
    };
  }
  if (todos.length > 0) {
    const more = Math.max(0, todos.length - NAMED);
    const named = todosText(todos, NAMED, view?.report.lesions ?? [], words);
    return {
      status: "info",
      first: say("before_signing", { count: todos.length }),
      rest: more > 0 ? `${named}…` : named,
      more,
    };
  }
  return { status: "ok", first: say("nothing_open"), rest: say("can_be_signed"), more: 0 };
}
