import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Icon } from "../parts/shapes";
import { useWords } from "../words/words";
import { findStudies } from "./client";
import { dayAt } from "./dates";
import { candidatesOf } from "./identity";
import { NO_SEARCH, plainText, questionsOf, together } from "./question";
import { rowOf } from "./study";
import { usePaused } from "./useSearch";

interface Props {
  /** A study of the patient who is somebody else. */
  readonly study: string;
  /** What is searched for at first. */
  readonly start: string;
  readonly busy: boolean;
  /** By a study of the patient that was chosen. */
  readonly onChoose: (study: string) => void;
}

/** So many are offered. */
const OFFERED = 8;

/** The search for the patient that another one is. */
export function SamePerson({ study, start, busy, onChoose }: Props) {
  const words = useWords();
  const { say } = words;
  const [written, setWritten] = useState(start);
  const text = usePaused(written);
  const searches = plainText(text) !== "";
  const questions = searches ? questionsOf({ ...NO_SEARCH, text }, 0, dayAt(Date.now())) : [];
  // The patient's own study is asked for as well: who looks like that comes last.
  const own = new URLSearchParams({ StudyInstanceUID: study }).toString();
  const answers = useQueries({
    queries: [own, ...questions].map((question) => ({
      queryKey: ["studies", question],
      queryFn: ({ signal }: { signal: AbortSignal }) => findStudies(question, signal),
    })),
  });
  const data = answers.map((answer) => answer.data);
  const known = data.every((answer) => answer !== undefined) ? data.map((answer) => answer.found) : null;
  const offered =
    known && searches
      ? candidatesOf(
          together(known).map((each) => rowOf(each, words)),
          study,
        )
      : null;
  return (
    <span className="same-person">
      <label className="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={say("same_person_search")}
          placeholder={say("same_person_search_by")}
          value={written}
          onChange={(event) => setWritten(event.target.value)}
        />
      </label>
      <small>{say("same_person_why")}</small>
      {offered?.length === 0 && <small role="status">{say("same_person_nobody")}</small>}
      {offered?.slice(0, OFFERED).map((row) => (
        <button
          key={row.uid}
          type="button"
          className="button small"
          data-target={row.uid}
          aria-disabled={busy}
          onClick={() => !busy && onChoose(row.uid)}
        >
          {say("same_person_as", {
            name: [row.name ?? say("study_without_name"), row.id, row.person, row.date].filter(Boolean).join(" · "),
          })}
        </button>
      ))}
    </span>
  );
}
