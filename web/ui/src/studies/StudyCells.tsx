import type { ReactNode } from "react";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { plainText } from "./question";
import type { StudyRow } from "./study";

interface Props {
  readonly row: StudyRow;
  /** What was searched for is marked. */
  readonly search?: string;
  /** What stands before the name. */
  readonly mark?: ReactNode;
}

/** What a row of a list says of a study: whose it is, what, when, and by which order. */
export function StudyCells({ row, search = "", mark }: Props) {
  const { say } = useWords();
  return (
    <>
      <span className="two">
        <b>
          {mark}
          <Marked text={row.name ?? say("study_without_name")} search={search} />
        </b>
        <small>
          <Marked text={[row.person, row.id].filter(Boolean).join(" · ") || NONE} search={search} />
        </small>
      </span>
      <span className="row study-what">
        {row.modalities.map((modality) => (
          <span className="modality" key={modality}>
            {modality}
          </span>
        ))}
        <span className="quiet">{row.description ?? ""}</span>
      </span>
      <span className="two">
        <span>{row.date ?? NONE}</span>
        <small>{row.time ?? ""}</small>
      </span>
      <span>
        <Marked text={row.accession ?? NONE} search={search} />
      </span>
    </>
  );
}

/** A text with the words that were searched for marked where one of its own begins with them. */
function Marked({ text, search }: { readonly text: string; readonly search: string }): ReactNode {
  const words = plainText(search).toLowerCase().split(" ").filter(Boolean);
  const word = words.find((each) => text.toLowerCase().startsWith(each) || text.toLowerCase().includes(` ${each}`));
  if (word === undefined) {
    return text;
  }
  const lower = text.toLowerCase();
  const at = lower.startsWith(word) ? 0 : lower.indexOf(` ${word}`) + 1;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + word.length)}</mark>
      {text.slice(at + word.length)}
    </>
  );
}
