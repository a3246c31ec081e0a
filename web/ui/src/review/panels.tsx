/** What opens beside the form and never over a picture: who sits here, the history, an addendum. */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import {
  type FieldName,
  type HistoryChange,
  type HistoryEntry,
  type LesionReport,
  type Role,
  readHistory,
} from "../exam/api";
import { categoryOf, confirming, placeOf, sizeOf } from "../exam/field";
import { dateText, momentText, shortPlace, sizeLine, whoText } from "../exam/format";
import { accountName, type Person } from "../exam/person";
import { type ItemKey, lesionItem, type Todo } from "../exam/todo";
import { DraftTag, KeyCap } from "../parts/chips";
import { Icon } from "../parts/shapes";
import { NONE } from "../words/numbers";
import { useWords, type Words } from "../words/words";
import { useReview } from "./context";
import { byItem, letterOf, todoText } from "./todoText";

interface PanelProps {
  readonly title: string;
  readonly className: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Panel({ title, className, onClose, children }: PanelProps) {
  const { say } = useWords();
  return (
    <section className={`popover ${className}`} aria-label={title}>
      <div className="head">
        <h2>{title}</h2>
        <span className="space" />
        <button type="button" className="button small" onClick={onClose}>
          {say("close")} <KeyCap>Esc</KeyCap>
        </button>
      </div>
      {children}
    </section>
  );
}

interface PersonProps {
  readonly person: Person;
  /** In which role they sign, which is what comes next; `null`: the name is only kept. */
  readonly turn: Role | null;
  /** Who signed as the examiner, or empty. */
  readonly examiner: string;
  readonly onPerson: (person: Person) => void;
  readonly onClose: () => void;
}

const ROLES = ["examiner", "reviewer"] as const;

/** Asked once a session. */
export function PersonPanel({ person, turn, examiner, onPerson, onClose }: PersonProps) {
  const { say } = useWords();
  const signing = turn !== null;
  const role = turn ?? person.role;
  // Whoever signed as the examiner does not review.
  const another = turn === "reviewer" && person.name === examiner;
  const [written, setWritten] = useState({ ...person, ...(another ? { name: "", licence: "" } : {}), role });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const finish = (event: FormEvent): void => {
    event.preventDefault();
    const name = written.name.trim();
    if (name) {
      onPerson({ ...written, name, licence: written.licence.trim() });
    } else {
      first.current?.focus();
    }
  };
  return (
    <Panel title={say(signing ? "sign_report" : "who_are_you")} className="person-panel" onClose={onClose}>
      <form className="stack" onSubmit={finish}>
        {signing && (
          <p className="hint">{turn === "reviewer" ? say("review_means", { name: examiner }) : say("sign_means")}</p>
        )}
        <label>
          <span>{say("person_name")}</span>
          <input
            ref={first}
            className="text"
            required
            autoComplete="name"
            maxLength={64}
            readOnly={accountName() !== null}
            value={written.name}
            onChange={(event) => setWritten({ ...written, name: event.target.value })}
          />
        </label>
        <fieldset className="roles">
          <legend>{say("person_role")}</legend>
          {(turn ? [turn] : ROLES).map((role) => (
            <button
              key={role}
              type="button"
              className={written.role === role ? "option said" : "option"}
              aria-pressed={written.role === role}
              onClick={() => setWritten({ ...written, role })}
            >
              {written.role === role && <Icon name="tick" />}
              {say(`role_${role}`)}
            </button>
          ))}
        </fieldset>
        <label>
          <span>{say("person_licence")}</span>
          <input
            className="text"
            maxLength={64}
            value={written.licence}
            onChange={(event) => setWritten({ ...written, licence: event.target.value })}
          />
        </label>
        <p className="note">{say("person_kept")}</p>
        <button type="submit" className={signing ? "button line strong" : "button line"}>
          {say(signing ? "sign_now" : "keep_name")}
        </button>
      </form>
    </Panel>
  );
}

interface TodosProps {
  readonly todos: readonly Todo[];
  readonly onGo: (item: ItemKey, field: FieldName | null) => void;
  readonly onClose: () => void;
}

/** Everything that is left to do before signing; a press leads to where it is done. */
export function TodosPanel({ todos, onGo, onClose }: TodosProps) {
  const words = useWords();
  const { say } = words;
  const { lesions } = useReview().view.report;
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const titleOf = (item: ItemKey): string => {
    const letter = letterOf(item, lesions);
    if (letter) {
      return say("lesion_named", { letter });
    }
    return say(item === "patient" ? "patient" : item === "breasts" ? "both_breasts" : "impression");
  };
  return (
    <Panel title={say("todos_title", { count: todos.length })} className="todos-panel" onClose={onClose}>
      <ul className="todos">
        {byItem(todos).map(([item, of], group) => (
          <li key={item}>
            <h3>{titleOf(item)}</h3>
            <AsProposed lesion={lesions.find(({ lesion }) => lesionItem(lesion) === item)} />
            <div className="options">
              {of.map((todo, index) => (
                <button
                  key={`${todo.field} ${todo.obstacle?.code}`}
                  ref={group + index === 0 ? first : undefined}
                  type="button"
                  className="button small line"
                  onClick={() => onGo(todo.item, todo.field)}
                >
                  {todoText(todo, words)}
                </button>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What the machine proposes of a lesion in one line, and one act that takes all of it that nobody has said anything of. */
function AsProposed({ lesion }: { readonly lesion: LesionReport | undefined }) {
  const words = useWords();
  const { say } = words;
  const { act, view } = useReview();
  const fields = view.open.filter((open) => open.lesion === lesion?.lesion).map(({ field }) => field);
  if (!lesion || fields.length < 2) {
    return null;
  }
  const category = categoryOf(lesion);
  const said = [
    shortPlace(placeOf(lesion), words),
    sizeLine(sizeOf(lesion), words),
    category && `BI-RADS\u00a0${category}`,
  ];
  return (
    <p className="as-proposed">
      <span>{said.filter(Boolean).join(" · ")}</span>
      <button
        type="button"
        className="button small line"
        data-action="as-proposed"
        onClick={() => act(confirming(lesion, fields))}
      >
        <Icon name="tick" /> {say("as_proposed", { count: fields.length })}
      </button>
    </p>
  );
}

/** Everything that happened, the newest first, and the way to take back one's own last word. */
export function HistoryPanel({ onUndo, onClose }: { readonly onUndo: () => void; readonly onClose: () => void }) {
  const words = useWords();
  const { say } = words;
  const { exam, view, readOnly } = useReview();
  const now = Date.now();
  const [entries, setEntries] = useState<readonly HistoryEntry[] | null>(null);
  const { seq } = view;
  useEffect(() => {
    let shown = seq >= 0;
    void readHistory(exam).then((answer) => {
      if (shown && answer.kind === "ok") {
        setEntries(answer.value.toSorted((a, b) => b.seq - a.seq));
      }
    });
    return () => {
      shown = false;
    };
  }, [exam, seq]);
  return (
    <Panel title={say("history_title")} className="history-panel" onClose={onClose}>
      {!readOnly && (
        <button
          type="button"
          className="button small line undo"
          aria-disabled={view.undo === 0}
          onClick={() => view.undo !== 0 && onUndo()}
        >
          <Icon name="undo" /> {say("undo_mine")} <KeyCap>Z</KeyCap>
        </button>
      )}
      {entries?.length === 0 && <p className="hint">{say("history_empty")}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
      <ol className="history" tabIndex={0} aria-label={say("history_title")}>
        {entries?.map((entry) => (
          <li key={entry.seq}>
            <time dateTime={new Date(entry.at_ms).toISOString()} title={dateText(entry.at_ms, words)}>
              {momentText(entry.at_ms, now, words)}
            </time>
            <span className="what">
              {whatText(entry, now, words)}
              {entry.changes.map((change) => (
                <ChangeLine key={change.field.en} change={change} />
              ))}
            </span>
            {entry.by === null ? (
              <DraftTag>{say("machine")}</DraftTag>
            ) : (
              <span className="quiet">{whoText(entry.by, words)}</span>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** What happened; of what was taken back also when it had been done. */
export function whatText({ what, of_ms }: HistoryEntry, now: number, words: Words): string {
  const said = what[words.language];
  return of_ms === null ? said : words.say("history_of", { what: said, when: momentText(of_ms, now, words) });
}

/** From what to what; what was only taken over from the machine stands alone. */
function ChangeLine({ change: { field, before, proposed, after } }: { readonly change: HistoryChange }) {
  const { say, language } = useWords();
  const text = (said: typeof before): string => said?.[language] ?? NONE;
  const same = text(before) === text(after);
  return (
    <small className="change">
      {say("history_field", { field: field[language] })}
      {!same && (
        <>
          <span className={proposed ? "from proposed" : "from"}>{text(before)}</span>
          {" → "}
        </>
      )}
      <b>{text(after)}</b>
    </small>
  );
}

/** A signed report is not changed: what is to be said goes under it. */
export function AddendumPanel({ onClose }: { readonly onClose: () => void }) {
  const { say } = useWords();
  const { act } = useReview();
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const finish = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim()) {
      act({ act: "add", text: text.trim() });
      onClose();
    }
  };
  return (
    <Panel title={say("add_addendum")} className="person-panel" onClose={onClose}>
      <form className="stack" onSubmit={finish}>
        <p className="hint">{say("addendum_means")}</p>
        <textarea
          ref={field}
          className="text"
          rows={4}
          aria-label={say("add_addendum")}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button line" aria-disabled={text.trim() === ""}>
          {say("add_now")}
        </button>
      </form>
    </Panel>
  );
}
