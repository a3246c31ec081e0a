/** The small signs that mean the same everywhere: letter, category, probability, draft. */
import type { Interval } from "../api/wire";
import type { Report } from "../exam/api";
import { sexAndAge } from "../exam/format";
import { COMMA } from "../words/marks";
import { intervalText, isUnsure, NONE, percent, probability } from "../words/numbers";
import { useWords } from "../words/words";
import { Icon } from "./shapes";

export function Letter({ letter, current }: { readonly letter: string | null; readonly current: boolean }) {
  return <span className={current ? "letter current" : "letter"}>{letter ?? "?"}</span>;
}

/** What is known of a patient beside the name; whole where it is pointed at, however long the identifier. */
export function WhoElse({ report: { patient, began_ms } }: { readonly report: Pick<Report, "patient" | "began_ms"> }) {
  const words = useWords();
  const text = [sexAndAge(patient, began_ms, words), patient.name && patient.id].filter(Boolean).join(" · ");
  return (
    <span className="quiet clip" title={text}>
      {text}
    </span>
  );
}

export function DraftTag({ children }: { readonly children: string }) {
  return <span className="draft-tag">{children}</span>;
}

interface CategoryProps {
  readonly category: string | null;
  /** A person said it, or that there is none. */
  readonly said: boolean;
}

/** A category, dashed as a machine proposes it, solid with a tick as a person says it. A dash where there is none. */
export function Category({ category, said }: CategoryProps) {
  const { say } = useWords();
  const kind = category === null ? "none" : `c${category}`;
  if (said) {
    const title = [category === null && say("not_assessed"), say("by_person")].filter(Boolean).join("\n");
    return (
      <span className={`category ${kind} said`} title={title}>
        <ByPerson /> {category ?? NONE}
      </span>
    );
  }
  return category === null ? (
    <span className="category none" title={say("not_graded")}>
      {NONE}
    </span>
  ) : (
    <span className={`category ${kind} proposed`}>{category}</span>
  );
}

/** The tick before what a person said. */
export function ByPerson() {
  const { say, language } = useWords();
  return (
    <>
      <Icon name="tick" />
      <span className="hidden">{say("by_person") + COMMA[language]}</span>
    </>
  );
}

const EDGES = [2, 10, 50, 95] as const;

/** The chance of malignancy: a thick mark, its interval, and ticks at the edges of the categories. */
export function Probability({
  value,
  interval,
}: {
  readonly value: number | null;
  readonly interval: Interval | null;
}) {
  const words = useWords();
  const figure =
    value === null ? NONE : isUnsure(interval) ? words.say("unsure") : percent(probability(value), words.language);
  return (
    <span className="probability">
      <span className="figures">
        <b>{figure}</b>
        <span>{interval ? intervalText(interval) : ""}</span>
      </span>
      <Bar value={value} interval={interval} />
    </span>
  );
}

/** The bar alone: its figures stand beside it. */
export function Bar({ value, interval }: { readonly value: number | null; readonly interval: Interval | null }) {
  return (
    <span className="bar" aria-hidden="true">
      <span className="track" />
      {interval && (
        <span
          className="interval"
          style={{ left: `${interval[0] * 100}%`, width: `${(interval[1] - interval[0]) * 100}%` }}
        />
      )}
      {EDGES.map((edge) => (
        <span key={edge} className="limit" style={{ left: `${edge}%` }} />
      ))}
      {value !== null && <span className="estimate" style={{ left: `${value * 100}%` }} />}
    </span>
  );
}

export function KeyCap({ children }: { readonly children: string }) {
  return <kbd className="cap">{children}</kbd>;
}
