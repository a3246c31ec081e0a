import type { Scene } from "../live/examination";
import { useWords } from "../words/words";
import { DraftTag } from "./chips";
import { draftOf, type Line } from "./draft";

export function Report({ scene }: { readonly scene: Scene }) {
  const words = useWords();
  const lines = draftOf(scene, words);
  const count = lines.filter((line) => line.kind === "lesion").length;
  return (
    <section className="panel report" aria-labelledby="report-head">
      <h2 className="head" id="report-head">
        {words.say("report")} <DraftTag>{words.say("machine_draft")}</DraftTag>
        <span className="space" />
        <span className="note">{count > 0 ? words.say("to_confirm", { count }) : ""}</span>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
      <section className="lines" tabIndex={0} aria-label={words.say("report")}>
        {lines.length === 0 && <p className="hint">{words.say("report_empty")}</p>}
        {lines.map((line) => (
          <DraftLine key={line.key} line={line} current={line.track !== null && line.track === scene.current} />
        ))}
      </section>
      <p className="draft-notice">{words.say("draft_notice")}</p>
    </section>
  );
}

function DraftLine({ line, current }: { readonly line: Line; readonly current: boolean }) {
  const pieces = line.pieces.map((piece, index) =>
    // The pieces of a line are a sentence: their order is their identity.
    // biome-ignore lint/suspicious/noArrayIndexKey: see above.
    piece.proposed ? <u key={index}>{piece.words}</u> : <span key={index}>{piece.words}</span>,
  );
  return line.kind === "heading" ? <h3>{pieces}</h3> : <p className={current ? "current" : ""}>{pieces}</p>;
}
