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

export function Paragraphs({ section }: { readonly section: Section }) {
  return section.paragraphs.map((paragraph, index) => (
    // The paragraphs of a section are its text: their order is their identity.
    // biome-ignore lint/suspicious/noArrayIndexKey: see above.
    <p key={index} data-lesion={paragraph.lesion}>
      {paragraph.runs.map((run, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as the paragraphs.
        run.proposed ? <u key={place}>{run.text}</u> : <span key={place}>{run.text}</span>,
      )}
    </p>
  ));
}
