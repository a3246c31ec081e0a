import type { ReactNode } from "react";
import type { LesionReport } from "../exam/api";
import { categoryOf, placeOf, standingOf } from "../exam/field";
import { patientName, sexAndAge, shortPlace } from "../exam/format";
import { type ItemKey, lesionItem, type Todo } from "../exam/todo";
import { Letter } from "../parts/chips";
import { Icon, Shape } from "../parts/shapes";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { useReview } from "./context";
import { hoursNamed } from "./mapped";

interface Props {
  readonly item: ItemKey;
  readonly todos: readonly Todo[];
  readonly onItem: (item: ItemKey) => void;
}

/** The parts of the report, and how much of each still waits. */
export function Contents({ item, todos, onItem }: Props) {
  const words = useWords();
  const { say, language } = words;
  const { report } = useReview().view;
  const waiting = (key: ItemKey): number => todos.filter((todo) => todo.item === key).length;
  const entry = (key: ItemKey, parts: Omit<EntryProps, "chosen" | "onChoose">) => (
    <Entry key={key} chosen={item === key} onChoose={() => onItem(key)} {...parts} />
  );
  const state = (key: ItemKey): ReactNode => <Shape status={waiting(key) > 0 ? "info" : "ok"} />;
  const named = hoursNamed(report);
  return (
    <nav className="contents" aria-label={say("this_report")}>
      <h2 className="head">{say("this_report")}</h2>
      <div className="entries">
        {entry("patient", {
          sign: <Icon name="person" />,
          title: say("patient"),
          detail:
            `${patientName(report.patient, words)}${language === "zh" ? "，" : ", "}${sexAndAge(report.patient, report.began_ms, words)}`.replace(
              /[，,]\s*$/,
              "",
            ),
          end: state("patient"),
        })}
        {entry("breasts", {
          sign: <Icon name="place" />,
          title: say("both_breasts"),
          detail:
            named.right === undefined && named.left === undefined
              ? say("no_place_named")
              : say("places_named_both", { right: named.right ?? 0, left: named.left ?? 0 }),
          whole: true,
          // Where nobody has said that a breast was examined, a tick would say so.
          end:
            waiting("breasts") === 0 && !report.breasts.some(({ examined }) => examined.said?.value) ? (
              <Shape status="off" />
            ) : (
              state("breasts")
            ),
        })}
        {report.lesions.map((lesion) => {
          const key = lesionItem(lesion.lesion);
          return entry(key, {
            sign: <Letter letter={lesion.letter} current={item === key} />,
            title: shortPlace(placeOf(lesion), words),
            detail:
              waiting(key) > 0
                ? say("to_confirm", { count: waiting(key) })
                : say(lesion.dismissed ? "dismissed" : "confirmed"),
            end: <Category lesion={lesion} />,
            struck: lesion.dismissed,
          });
        })}
        {entry("impression", {
          sign: <Icon name="sheet" />,
          title: say("impression"),
          detail: say("follows_lesions"),
          end: state("impression"),
        })}
      </div>
      <div className="legend" aria-hidden="true">
        <span className="row">
          <span className="option proposed">{say("legend_dashed")}</span> {say("by_machine")}
        </span>
        <span className="row">
          <span className="option said">{say("legend_ticked")}</span> {say("by_person")}
        </span>
      </div>
    </nav>
  );
}

function Category({ lesion }: { readonly lesion: LesionReport }) {
  const category = categoryOf(lesion);
  const proposed = standingOf(lesion.category) === "proposed";
  return (
    <span className={`category ${category ? `c${category}` : "none"} ${proposed ? "proposed" : ""}`}>
      {category ?? NONE}
    </span>
  );
}

interface EntryProps {
  readonly chosen: boolean;
  readonly sign: ReactNode;
  readonly title: string;
  readonly detail: string;
  readonly end: ReactNode;
  readonly struck?: boolean;
  /** The detail is a sentence, which is not cut. */
  readonly whole?: boolean;
  readonly onChoose: () => void;
}

function Entry({ chosen, sign, title, detail, end, struck = false, whole = false, onChoose }: EntryProps) {
  return (
    <button
      type="button"
      className={`entry ${chosen ? "chosen" : ""} ${struck ? "struck" : ""}`}
      aria-current={chosen ? "true" : undefined}
      onClick={onChoose}
    >
      {sign}
      <span className="what">
        <span className="name">{title}</span>
        <span className={whole ? "detail whole" : "detail"} title={whole ? undefined : detail}>
          {detail}
        </span>
      </span>
      {end}
    </button>
  );
}
