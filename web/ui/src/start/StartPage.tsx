import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { mayDo, useSession } from "../access/session";
import { WhoIsHere } from "../access/WhoIsHere";
import { type ExamSummary, listExams } from "../exam/api";
import { dayText, momentText, patientName, sexAndAge, timeText } from "../exam/format";
import { KeyCap } from "../parts/chips";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { ListKeys } from "../parts/ListKeys";
import { Icon, PeonyMark, Shape } from "../parts/shapes";
import { addressOf, type Route } from "../route";
import { faultText } from "../words/fault";
import { NONE } from "../words/numbers";
import { type Language, useWords, type Words } from "../words/words";
import { Discard } from "./Discard";
import { found, inOrder, standingAt } from "./exams";
import { NewExamination } from "./NewExamination";

interface Props {
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

const POLL_MS = 3000;
/** A list is read from its beginning; who looks for another one searches. */
const MOST_ROWS = 100;
/** Nothing is asked before a word has been typed on for so long. */
const TYPED_MS = 120;

function showNew(): void {
  const form = document.getElementById("new-exam");
  form?.scrollIntoView();
  form?.querySelector("input")?.focus({ preventScroll: true });
}

/** The examinations of this program, and a new one. */
export function StartPage({ onLanguage, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const session = useSession();
  const [search, setSearch] = useState("");
  const { exams, state, answered } = useExams(search);
  // Those that were discarded here, until the program says so.
  const [gone, setGone] = useState<readonly string[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = say("exams_title");
  }, [say]);
  const move = useCallback((event: Pick<KeyboardEvent, "key" | "preventDefault">): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const rows = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      (rows[at + step] ?? (step < 0 ? field.current : rows.at(-1)))?.focus();
    }
  }, []);
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        field.current?.focus();
      } else if (event.target === document.body && !event.altKey && !event.ctrlKey && !event.metaKey) {
        // Nothing has the focus: the list that the foot of the page speaks of takes it.
        move(event);
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [move]);
  const now = Date.now();
  // What is here already answers while the program is asked.
  const fitting = found(inOrder(exams, now), search).filter(({ id }) => !gone.includes(id));
  const shown = fitting.slice(0, MOST_ROWS);
  const more = fitting.length > MOST_ROWS;
  const open = exams.filter(({ status }) => status === "open").length;
  return (
    <div className="start">
      <header className="top">
        <h1 className="logo">
          <PeonyMark />
          Peony
        </h1>
        <span className="rule" />
        <span className="mid">{say("exams")}</span>
        {open > 0 && !search && (
          <span className="quiet">{say("exams_count_open", { count: open > MOST_ROWS ? `${MOST_ROWS}+` : open })}</span>
        )}
        <span className="space" />
        <a
          className="button small link"
          href={addressOf({ page: "studies", exam: null })}
          onClick={(event) => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
              event.preventDefault();
              onGo({ page: "studies", exam: null });
            }
          }}
        >
          {say("studies")}
        </a>
        <WhoIsHere onGo={onGo} />
        <LanguageSwitch onLanguage={onLanguage} />
        <span className="research">{say("research_use")}</span>
      </header>
      <main className="hall">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrows go through the links, which are what is pressed. */}
        <div className="exams" onKeyDown={move}>
          <label className="search">
            <Icon name="search" />
            <input
              ref={field}
              type="search"
              placeholder={say("search_exams")}
              aria-label={say("search_exams")}
              value={search}
              onChange={(event) => setSearch(event.target.value)}
              onKeyDown={(event) => event.key === "Escape" && setSearch("")}
            />
            {search && (
              <span className="faint small">
                {shown.length}
                {more && "+"}
              </span>
            )}
            <KeyCap>/</KeyCap>
          </label>
          {/* In a narrow window the form stands under the rows, however many there are. */}
          {state !== "missing" && (
            <button type="button" className="button line to-new" data-action="to-new" onClick={showNew}>
              {say("new_exam")}
            </button>
          )}
          <div className="exam-head" aria-hidden="true">
            <span>{say("column_patient")}</span>
            <span>{say("column_exam")}</span>
            <span>{say("column_began")}</span>
            <span>{say("column_state")}</span>
            <span>{say("column_lesions")}</span>
            <span>BI-RADS</span>
          </div>
          <div className="exam-rows" ref={list}>
            {shown.map((exam) => (
              <div key={exam.id} className="exam-line">
                <ExamRow exam={exam} now={now} words={words} onGo={onGo} />
                {exam.discardable && mayDo(session, "scan") && (
                  <Discard exam={exam.id} onGone={() => setGone((before) => [...before, exam.id])} />
                )}
              </div>
            ))}
            {more && <p className="hint exams-more">{say("exams_more", { count: MOST_ROWS })}</p>}
            {shown.length === 0 && state !== "loading" && answered && (
              <div className="nothing">
                <p className="hint">
                  {say(
                    !mayDo(session, "read")
                      ? "not_permitted"
                      : state === "missing"
                        ? "exams_missing"
                        : state === "away"
                          ? "state_lost"
                          : search
                            ? "exams_none_found"
                            : "exams_empty",
                  )}
                </p>
                {state === "missing" && (
                  <button type="button" className="button line" onClick={() => onGo({ page: "live", exam: null })}>
                    {say("to_live")}
                  </button>
                )}
              </div>
            )}
          </div>
        </div>
        {state !== "missing" && mayDo(session, "scan") && (
          <NewExamination onBegun={(exam) => onGo({ page: "live", exam })} />
        )}
      </main>
      <ListKeys />
    </div>
  );
}

interface RowProps {
  readonly exam: ExamSummary;
  readonly now: number;
  readonly words: Words;
  readonly onGo: (route: Route) => void;
}

const SHAPES = { signed: "ok", quiet: "info", open: "info", altered: "stop", unreadable: "stop" } as const;

/** A press goes to where the examination is: the scan while its source is open, the report after it. */
function ExamRow({ exam, now, words, onGo }: RowProps) {
  const { say } = words;
  const { patient, status, live, category, last_frame_ms } = exam;
  const route: Route = { page: live && status === "open" ? "live" : "report", exam: exam.id };
  const state = standingAt(exam, now);
  const name = status === "unreadable" ? exam.id : patientName(patient, words);
  const others = [sexAndAge(patient, exam.began_ms, words), patient.name && patient.id].filter(Boolean).join(" · ");
  return (
    <a
      className="exam-row"
      href={addressOf(route)}
      data-exam={exam.id}
      title={exam.fault ? faultText({ error: exam.fault, code: exam.fault_code }, words) : undefined}
      onClick={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          onGo(route);
        }
      }}
    >
      <span className="two">
        <b title={name}>{name}</b>
        <small className="else" title={others}>
          {others || NONE}
        </small>
      </span>
      <span className="two" data-label={say("column_exam")}>
        <span>{exam.number || NONE}</span>
        {exam.simulated && <small>{say("simulated")}</small>}
      </span>
      <span className="two" data-label={say("column_began")}>
        <span>{exam.began_ms > 0 ? dayText(exam.began_ms, now, words) : NONE}</span>
        {exam.began_ms > 0 && <small>{timeText(exam.began_ms, words)}</small>}
      </span>
      <span className="row exam-state" data-state={state}>
        {state === "live" ? <span className="live-dot" /> : <Shape status={SHAPES[state]} />}
        <span className="two">
          <span>{say(`state_${state}`)}</span>
          {state === "quiet" && (
            <small>
              {last_frame_ms === null
                ? say("no_picture_comes")
                : say("last_picture", { when: momentText(last_frame_ms, now, words) })}
            </small>
          )}
        </span>
      </span>
      <span data-label={say("column_lesions")}>{exam.lesions}</span>
      <span data-label="BI-RADS">
        <span className={`category ${category ? `c${category}` : "none"} ${status === "open" ? "proposed" : ""}`}>
          {category ?? NONE}
        </span>
      </span>
    </a>
  );
}

/** What of the list fits the search, as the program has it now: asked for again and again, and one more than is shown. */
function useExams(search: string): {
  readonly exams: readonly ExamSummary[];
  readonly state: "loading" | "there" | "missing" | "away";
  /** They are what was searched for, and not for another word before. */
  readonly answered: boolean;
} {
  const [{ exams, of }, setExams] = useState<{ readonly exams: readonly ExamSummary[]; readonly of: string }>({
    exams: [],
    of: search,
  });
  const [state, setState] = useState<"loading" | "there" | "missing" | "away">("loading");
  useEffect(() => {
    let mounted = true;
    const look = async (): Promise<void> => {
      const answer = await listExams(MOST_ROWS + 1, search);
      if (!mounted) {
        return;
      }
      if (answer.kind === "ok") {
        setExams({ exams: answer.value, of: search });
        setState("there");
      } else {
        setState(answer.kind === "missing" ? "missing" : "away");
      }
    };
    const first = setTimeout(() => void look(), search ? TYPED_MS : 0);
    const timer = setInterval(() => void look(), POLL_MS);
    return () => {
      mounted = false;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [search]);
  return { exams, state, answered: of === search || state !== "there" };
}
