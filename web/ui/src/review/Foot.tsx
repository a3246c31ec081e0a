import { dateText, shortHash, timeText } from "../exam/format";
import type { Person } from "../exam/person";
import type { ExamState } from "../exam/store";
import type { Todo } from "../exam/todo";
import { KeyCap } from "../parts/chips";
import { Icon, Shape, type Status } from "../parts/shapes";
import { useWords, type Words } from "../words/words";
import { useReview } from "./context";
import { refusalText } from "./refusal";

interface Props {
  readonly state: ExamState;
  readonly todos: readonly Todo[];
  readonly person: Person;
  readonly onBack: () => void;
  readonly onHome: () => void;
  readonly onNext: () => void;
  readonly onSign: () => void;
  readonly onAdd: () => void;
}

export function Foot({ state, todos, person, onBack, onHome, onNext, onSign, onAdd }: Props) {
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
        <span title={line.rest}>
          <b>{line.first}</b> {line.rest}
        </span>
      </p>
      {readOnly ? (
        <button type="button" className="button line" data-action="add" onClick={onAdd}>
          <Icon name="pen" /> {say("add_addendum")}
        </button>
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
}

/** The one line: what is wrong before what is left to do. */
function lineOf(state: ExamState, todos: readonly Todo[], words: Words): Line {
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
    return { status: "stop", first: say("state_lost") + semicolon, rest };
  }
  if (refusal) {
    return { status: "warn", first: say("not_taken"), rest: refusalText(refusal, words) };
  }
  const signature = view?.report.signatures.at(-1);
  if (signature) {
    const when = `${dateText(signature.at_ms, words)} ${timeText(signature.at_ms, words)}`;
    return {
      status: "ok",
      first: say("signed_by", { name: signature.name }) + comma,
      rest: `${when}, ${shortHash(signature.sha256)}`,
    };
  }
  if (todos.length > 0) {
    return { status: "info", first: say("before_signing", { count: todos.length }), rest: listOf(todos, words, view) };
  }
  return { status: "ok", first: say("nothing_open"), rest: say("can_be_signed") };
}

/** `A: third axis, posterior; B: BI-RADS`; the letter only where several lesions wait. */
function listOf(todos: readonly Todo[], { say, language }: Words, view: ExamState["view"]): string {
  const [comma, semicolon, colon] = language === "zh" ? ["、", "；", "："] : [", ", "; ", ": "];
  const groups = new Map<string, string[]>();
  for (const { item, field, obstacle } of todos) {
    const words = obstacle ? obstacle.words[language] : field ? say(`short_${field}`) : "";
    groups.set(item, [...(groups.get(item) ?? []), words.replace(/[.。]$/, "")]);
  }
  const letterOf = (item: string): string =>
    view?.report.lesions.find(({ lesion }) => `lesion-${lesion}` === item)?.letter ?? "";
  const several = [...groups.keys()].length > 1;
  return [...groups]
    .map(([item, words]) => `${several && letterOf(item) ? letterOf(item) + colon : ""}${words.join(comma)}`)
    .join(semicolon);
}
