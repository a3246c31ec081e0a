/** The small signs that mean the same everywhere: letter, category, probability, draft. */
import type { Interval } from "../api/wire";
import type { Report } from "../exam/api";
import { sexAndAge } from "../exam/format";
import { intervalText, isUnsure, NONE, percent, probability } from "../words/numbers";
import { useWords } from "../words/words";

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

/** The category as a machine proposes it: dashed. A dash where the probability is not calibrated. */
export function Category({ category }: { readonly category: string | null }) {
  const words = useWords();
  return category === null ? (
    <span className="category none" title={words.say("not_graded")}>
      {NONE}
    </span>
  ) : (
    <span className={`category c${category} proposed`}>{category}</span>
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
