import { memo } from "react";
import type { Narrative as NarrativeText, Section } from "../exam/api";

/** The report's sentences. The machine's words that nobody has confirmed are underlined with dots. */
export function Narrative({ narrative }: { readonly narrative: NarrativeText }) {
  return narrative.sections.map((section) => (
    <section key={section.key}>
      <h3>{section.heading}</h3>
      <Paragraphs section={section} />
    </section>
  ));
}

interface ParagraphsProps {
  readonly section: Section;
  /** The lesion that is talked about now. */
  readonly current?: number | null;
}

export const Paragraphs = memo(function Paragraphs({ section, current = null }: ParagraphsProps) {
  return section.paragraphs.map((paragraph, index) => (
    <p
      // biome-ignore lint/suspicious/noArrayIndexKey: the paragraphs of a section are its text: their order is their identity.
      key={index}
      data-lesion={paragraph.lesion}
      className={paragraph.lesion !== null && paragraph.lesion === current ? "current" : ""}
    >
      {paragraph.runs.map((run, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as the paragraphs.
        run.proposed ? <u key={place}>{unbroken(run.text)}</u> : <span key={place}>{unbroken(run.text)}</span>,
      )}
    </p>
  ));
});

/** A category is never broken over two lines. */
export const unbroken = (text: string): string =>
  text.replaceAll("BI-RADS", "BI\u2011RADS").replaceAll(/(?<=[0-9A-C])类/g, "\u2060类");
