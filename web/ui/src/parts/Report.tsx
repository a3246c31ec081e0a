/** The report as it grows beside the picture: the program's sentences, the same as on the report page and on paper. */
import { memo, useEffect, useRef } from "react";
import type { ReportView } from "../exam/api";
import { todosOf } from "../exam/todo";
import { following } from "../live/follow";
import { Paragraphs } from "../review/Narrative";
import { useWords } from "../words/words";
import { DraftTag } from "./chips";

/** What is read while scanning; the rest waits on the report page. */
const SHOWN: readonly string[] = [
  "findings_right",
  "findings_left",
  "findings_unplaced",
  "impression",
  "advice",
  "technique",
];

interface Props {
  /** The lesion that is talked about now. */
  readonly current: number | null;
  readonly view: ReportView | null;
  /** A person has signed it: it is no draft any more. */
  readonly signed: boolean;
}

export const Report = memo(function Report({ current, view, signed }: Props) {
  const words = useWords();
  const lesions = view?.report.lesions.filter(({ dismissed }) => !dismissed) ?? [];
  // The same count as on the report page.
  const open = view ? todosOf(view).length : 0;
  // A breast of which nothing is said yet would only say so.
  const sections =
    view && lesions.length > 0
      ? view.narrative[words.language].sections
          .filter(({ key }) => SHOWN.includes(key))
          .toSorted((one, other) => SHOWN.indexOf(one.key) - SHOWN.indexOf(other.key))
      : [];
  const lines = useRef<HTMLElement>(null);
  const paragraphs = sections.flatMap((section) => section.paragraphs);
  // Its first line moves when another lesion is found before it; the figures of a line change all the time and move nothing.
  const place = paragraphs.findIndex(({ lesion }) => lesion !== null && lesion === current);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another lesion or another place is what is followed.
  useEffect(() => show(lines.current), [current, place]);
  useEffect(() => {
    const observer = new ResizeObserver(() => show(lines.current));
    if (lines.current) {
      observer.observe(lines.current);
    }
    return () => observer.disconnect();
  }, []);
  return (
    <section className="panel report" aria-labelledby="report-head">
      <h2 className="head" id="report-head">
        {words.say("report")} {!signed && <DraftTag>{words.say("machine_draft")}</DraftTag>}
        <span className="space" />
        <span className="note">
          {signed ? words.say("state_signed") : open > 0 ? words.say("to_confirm", { count: open }) : ""}
        </span>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
      <section className="lines" tabIndex={0} aria-label={words.say("report")} ref={lines}>
        {sections.length === 0 && <p className="hint">{words.say("report_empty")}</p>}
        {sections.map((section) => (
          <section key={section.key}>
            <h3>{section.heading}</h3>
            <Paragraphs section={section} current={current} />
          </section>
        ))}
      </section>
      {!signed && <p className="draft-notice">{words.say("draft_notice")}</p>}
    </section>
  );
});

/** Scrolls the lines, and nothing around them, to those of the current lesion in the first section that has any. */
function show(lines: HTMLElement | null): void {
  const first = lines?.querySelector(".current");
  const last = [...(first?.parentElement?.querySelectorAll(".current") ?? [])].at(-1);
  if (!lines || !first || !last) {
    return;
  }
  const origin = lines.getBoundingClientRect().top - lines.scrollTop;
  const top = following(
    { top: lines.scrollTop, height: lines.clientHeight },
    { from: first.getBoundingClientRect().top - origin, to: last.getBoundingClientRect().bottom - origin },
  );
  if (top !== null) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    lines.scrollTo({ top, behavior: calm ? "instant" : "smooth" });
  }
}
