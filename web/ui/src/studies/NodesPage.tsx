import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { GoLink } from "../parts/GoLink";
import { Icon, Shape } from "../parts/shapes";
import type { Route } from "../route";
import { NONE } from "../words/numbers";
import { type Language, useWords } from "../words/words";
import { findStudies, reasonText } from "./client";
import { dayAt } from "./dates";
import { Filters } from "./Filters";
import { askedOf, type NodeSearch, type StudyThere, standingOf } from "./nodes";
import { NO_SEARCH, type Search } from "./question";
import { SendFault } from "./SendFault";
import { SendingsButton, SendPanel } from "./SendPanel";
import { StudiesTop } from "./StudiesTop";
import { StudyCells } from "./StudyCells";
import { isFetching, type Queued } from "./sending";
import { rowOf } from "./study";
import { Turns, useTurns } from "./Turns";
import { type UsedNodeSearch, useFetch, useNodeSearch, useSources } from "./useNodes";
import { useSendings } from "./useSendings";

interface Props {
  /** The study whose patient is looked for; `null`: nobody yet. */
  readonly study: string | null;
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** Other nodes: what they have, and to have it here. */
export function NodesPage({ study, onLanguage, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const sources = useSources();
  const queue = useSendings();
  const fetching = useFetch();
  const [open, setOpen] = useState(false);
  const form = useNodeForm(study, sources);
  const used = useNodeSearch(form.asked);
  const stale = form.asked === null;
  const beside = open ? ({ name: "sendings", opened: true } as const) : null;
  const turns = useTurns(beside);
  return (
    <div className="studies" data-shows={turns.shows}>
      <StudiesTop onLanguage={onLanguage} onGo={onGo}>
        <GoLink route={{ page: "studies", exam: null, ...(study !== null && { study }) }} onGo={onGo}>
          {say(study === null ? "to_studies" : "nodes_to_study")}
        </GoLink>
        <span className="rule" />
        <span className="mid">{say("nodes")}</span>
      </StudiesTop>
      <Turns list="nodes" beside={beside} turns={turns} />
      <div className="finder">
        <form className="ask" onSubmit={form.submit}>
          <label className="chip">
            <span className="hidden">{say("nodes_node")}</span>
            <select value={form.from} onChange={(event) => form.choose(event.target.value)} data-filter="node">
              {(sources ?? []).map((title) => (
                <option key={title}>{title}</option>
              ))}
            </select>
          </label>
          <label className="search">
            <Icon name="search" />
            <input
              ref={form.field}
              type="search"
              maxLength={64}
              placeholder={say("search_studies")}
              aria-label={say("search_studies")}
              value={form.search.text}
              onChange={(event) => form.set({ text: event.target.value })}
            />
          </label>
          {used.busy ? (
            <button type="button" className="button" data-action="stop-search" onClick={used.stop}>
              {say("nodes_stop")}
            </button>
          ) : (
            <button type="submit" className="button next" data-action="search-node">
              {say("nodes_search")}
            </button>
          )}
          <span className="space" />
          {!open && <SendingsButton used={queue} onOpen={() => setOpen(true)} />}
        </form>
        <Filters used={form} />
        <div className="study-head there" aria-hidden="true">
          <span>{say("column_patient")}</span>
          <span>{say("column_study")}</span>
          <span>{say("column_when")}</span>
          <span>{say("column_accession")}</span>
          <span>{say("nodes_column_here")}</span>
        </div>
        {fetching.error && <SendFault error={fetching.error} />}
        <div className="study-rows" data-count={used.answer?.studies.length ?? 0} aria-busy={used.busy}>
          {(stale ? [] : (used.answer?.studies ?? [])).map((there) => (
            <Row
              key={rowOf(there.study, words).uid}
              there={there}
              jobs={queue.listed}
              busy={fetching.busy || queue.busy}
              onFetch={(uid) => fetching.fetch({ from: form.asked?.from ?? form.from, study_uid: uid })}
              onAgain={(id) => queue.change(id, "retry")}
              onGo={onGo}
            />
          ))}
          <Said used={used} asked={form.asked} none={sources?.length === 0} />
        </div>
      </div>
      {open && <SendPanel used={queue} onClose={() => setOpen(false)} />}
      <footer className="status" />
    </div>
  );
}

/** What is searched for: it is asked when the form is sent, and at once for the patient of a study. */
function useNodeForm(study: string | null, sources: readonly string[] | null) {
  const field = useRef<HTMLInputElement>(null);
  const [search, setSearch] = useState<Search>(NO_SEARCH);
  const [exact, setExact] = useState(false);
  const [chosen, setChosen] = useState("");
  const [asked, setAsked] = useState<NodeSearch | null>(null);
  const from = chosen || sources?.[0] || "";
  const patient = usePatientId(study);
  const today = () => dayAt(Date.now());
  const begun = useRef(false);
  useEffect(() => {
    // The patient of the study is looked for at once; what a person writes then is theirs.
    if (patient !== null && from !== "" && !begun.current) {
      begun.current = true;
      const ofPatient = { ...NO_SEARCH, text: patient };
      setSearch(ofPatient);
      setExact(true);
      setAsked(askedOf(from, ofPatient, true, dayAt(Date.now())));
    }
  }, [patient, from]);
  useEffect(() => {
    if (study === null) {
      field.current?.focus();
    }
  }, [study]);
  return {
    field,
    search,
    from,
    asked,
    set: (part: Partial<Search>) => {
      setSearch((before) => ({ ...before, ...part }));
      if (part.text !== undefined) {
        setExact(part.text.trim() === patient);
      }
    },
    choose: (title: string) => {
      setChosen(title);
      setAsked(asked && askedOf(title, search, exact, today()));
    },
    submit: (event: FormEvent) => {
      event.preventDefault();
      setAsked(askedOf(from, search, exact, today()));
    },
  };
}

/** The identifier of a study's patient. */
function usePatientId(study: string | null): string | null {
  const words = useWords();
  const { data } = useQuery({
    queryKey: ["study", study],
    queryFn: ({ signal }) => findStudies(new URLSearchParams({ StudyInstanceUID: study ?? "" }).toString(), signal),
    enabled: study !== null,
  });
  const found = data?.found[0];
  return found ? rowOf(found, words).id : null;
}

interface RowProps {
  readonly there: StudyThere;
  readonly jobs: readonly Queued[];
  readonly busy: boolean;
  readonly onFetch: (uid: string) => void;
  readonly onAgain: (id: number) => void;
  readonly onGo: (route: Route) => void;
}

function Row({ there, jobs, busy, onFetch, onAgain, onGo }: RowProps) {
  const words = useWords();
  const { say } = words;
  const row = rowOf(there.study, words);
  const ofStudy = jobs.filter((job) => isFetching(job) && job.study_uid === row.uid);
  const job = ofStudy.toSorted((a, b) => b.at_ms - a.at_ms)[0] ?? null;
  const { shape, text, act, opens } = standingOf(there.here, row.instances, job, words, Date.now());
  const name = row.name ?? say("study_without_name");
  const press = (): void => {
    if (!busy) {
      act === "again" && job ? onAgain(job.id) : onFetch(row.uid);
    }
  };
  return (
    <div className="study-row there" data-study={row.uid} data-standing={job?.state ?? (opens ? "here" : "there")}>
      <StudyCells row={row} />
      <span className="standing">
        {text !== null && (
          <span className="row small" role="status">
            {shape && <Shape status={shape} />}
            <span>{text}</span>
          </span>
        )}
        {act && (
          <button
            type="button"
            className="button small"
            data-action={act === "again" ? "fetch-again" : "fetch"}
            aria-label={`${say(act === "again" ? "try_again" : "nodes_fetch")}: ${name}, ${row.date ?? NONE}`}
            aria-disabled={busy}
            onClick={press}
          >
            {say(act === "again" ? "try_again" : "nodes_fetch")}
            {act === "fetch" && row.instances > 0 && ` (${row.instances})`}
          </button>
        )}
        {opens && (
          <GoLink route={{ page: "studies", exam: null, study: row.uid }} onGo={onGo}>
            {say("nodes_open")}
          </GoLink>
        )}
      </span>
    </div>
  );
}

interface SaidProps {
  readonly used: UsedNodeSearch;
  readonly asked: NodeSearch | null;
  /** There is no node to be searched. */
  readonly none: boolean;
}

/** What stands below the rows, or where there is none: why, and what can be done. */
function Said({ used: { answer, error, busy, again }, asked, none }: SaidProps) {
  const words = useWords();
  const { say } = words;
  if (none) {
    return <p className="nothing hint">{say("nodes_none")}</p>;
  }
  if (asked === null) {
    return <p className="nothing hint">{say("nodes_hint")}</p>;
  }
  if (busy) {
    return (
      <p className="nothing hint" role="status">
        {say("nodes_asking", { node: asked.from })}
      </p>
    );
  }
  if (error) {
    return (
      <div className="nothing" role="alert">
        <p className="row">
          <Shape status="stop" />
          {say("nodes_fails", { node: asked.from, reason: reasonText(error, words) })}
        </p>
        <button type="button" className="button" onClick={again}>
          {say("try_again")}
        </button>
      </div>
    );
  }
  if (answer === null) {
    return <p className="nothing hint">{say("nodes_hint")}</p>;
  }
  return (
    <div role="status">
      {answer.studies.length === 0 && <p className="nothing hint">{say("nodes_none_found", { node: asked.from })}</p>}
      {answer.more && (
        <p className="row small quiet nodes-note">{say("nodes_more", { count: answer.studies.length })}</p>
      )}
      {answer.unread > 0 && (
        <p className="row small nodes-note">
          <Shape status="warn" />
          {say("nodes_unread", { count: answer.unread })}
        </p>
      )}
    </div>
  );
}
