import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import { KeyCap } from "../parts/chips";
import { GoLink } from "../parts/GoLink";
import { ListKeys } from "../parts/ListKeys";
import { Icon, Shape } from "../parts/shapes";
import { addressOf, type Route } from "../route";
import { type Language, useWords } from "../words/words";
import { type Whole, wholeOf } from "./arriving";
import { NodeError, reasonText } from "./client";
import { Filters } from "./Filters";
import { IdentityButton, IdentityPanel } from "./IdentityPanel";
import { MOST_FOUND, NO_SEARCH, PAGE } from "./question";
import { SendingsButton, SendPanel } from "./SendPanel";
import { StudiesTop } from "./StudiesTop";
import { StudyCells } from "./StudyCells";
import { StudyPreview } from "./StudyPreview";
import { rowOf, type StudyRow } from "./study";
import { type Beside, Turns, useTurns } from "./Turns";
import { UploadPanel } from "./UploadPanel";
import { sumOf } from "./uploads";
import { useArriving } from "./useArriving";
import { useOverview } from "./useIdentity";
import { useSources } from "./useNodes";
import { type UsedSearch, useSearch } from "./useSearch";
import { useSendings } from "./useSendings";
import { type UsedUploads, useUploads } from "./useUploads";

/** Where the preview has room beside the list. */
const WITH_PREVIEW = "(min-width: 1200px)";

interface Props {
  /** Who is who is open at first. */
  readonly doubts: boolean;
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** The node's studies, newest first, searched while typing. */
export function StudyList({ doubts, onLanguage, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const used = useSearch();
  const adding = useUploads();
  const sendings = useSendings();
  const sources = useSources();
  const identity = useOverview();
  const doubtful = new Set(identity.overview.doubtful);
  const arriving = useArriving();
  const [beside, setBeside] = useState<"queue" | "identity" | null>(doubts ? "identity" : null);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  useSlash(field);
  const rows = used.found?.studies.map((study) => rowOf(study, words)) ?? [];
  const shown = rows.find(({ uid }) => uid === chosen) ?? rows[0] ?? null;
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && !(event.target instanceof HTMLSelectElement)) {
      event.preventDefault();
      const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
      const at = links.indexOf(document.activeElement as HTMLElement);
      (links[at + step] ?? (step < 0 ? field.current : links.at(-1)))?.focus();
    }
  };
  const openBeside = (what: "queue" | "identity"): void => {
    adding.setOpen(false);
    setBeside(what);
  };
  const isBeside = (what: "queue" | "identity"): boolean => !adding.open && beside === what;
  const stands: Beside | null = adding.open
    ? { name: "upload", opened: true }
    : beside === "queue"
      ? { name: "sendings", opened: true }
      : beside === "identity" && identity.may
        ? { name: "doubts", opened: true }
        : shown && { name: "study_preview", opened: false };
  const turns = useTurns(stands);
  const open = (study: string): void => onGo({ page: "studies", exam: null, study });
  return (
    <div className="studies" data-shows={turns.shows} {...adding.onDrag}>
      <StudiesTop onLanguage={onLanguage} onGo={onGo}>
        <span className="mid">{say("studies")}</span>
        <GoLink route={{ page: "orders", exam: null }} onGo={onGo}>
          {say("orders")}
        </GoLink>
        {sources !== null && sources.length > 0 && (
          <GoLink route={{ page: "nodes", exam: null }} onGo={onGo}>
            {say("nodes")}
          </GoLink>
        )}
      </StudiesTop>
      <Turns list="studies" beside={stands} turns={turns} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrows go through the links, which are what is pressed. */}
      <div className="finder" onKeyDown={move}>
        <div className="ask">
          <label className="search">
            <Icon name="search" />
            <input
              ref={field}
              type="search"
              placeholder={say("search_studies")}
              aria-label={say("search_studies")}
              value={used.search.text}
              onChange={(event) => used.set({ text: event.target.value })}
              onKeyDown={(event) => event.key === "Escape" && used.set({ text: "" })}
            />
            <Count used={used} />
            <KeyCap>/</KeyCap>
          </label>
          <span className="space" />
          {!isBeside("identity") && <IdentityButton used={identity} onOpen={() => openBeside("identity")} />}
          {!isBeside("queue") && <SendingsButton used={sendings} onOpen={() => openBeside("queue")} />}
          <AddFiles adding={adding} />
        </div>
        <Filters used={used} />
        <div className="study-head" aria-hidden="true">
          <span>{say("column_patient")}</span>
          <span>{say("column_study")}</span>
          <span>{say("column_when")}</span>
          <span>{say("column_accession")}</span>
          <span className="tally">{say("column_images")}</span>
        </div>
        <div className={used.found?.stale ? "study-rows stale" : "study-rows"} ref={list} data-count={rows.length}>
          {rows.map((row) => (
            <Row
              key={row.uid}
              row={row}
              search={used.search.text}
              chosen={row === shown}
              doubtful={doubtful.has(row.uid)}
              whole={wholeOf(row.uid, arriving)}
              onChoose={() => setChosen(row.uid)}
              onOpen={() => open(row.uid)}
            />
          ))}
          <Nothing used={used} />
        </div>
        <Pages used={used} />
      </div>
      {stands?.name === "upload" ? (
        <UploadPanel uploads={adding.uploads} all={adding.all} onClose={() => adding.setOpen(false)} />
      ) : stands?.name === "sendings" ? (
        <SendPanel used={sendings} onClose={() => setBeside(null)} />
      ) : stands?.name === "doubts" ? (
        <IdentityPanel overview={identity.overview} onClose={() => setBeside(null)} />
      ) : (
        shown && (
          <StudyPreview
            key={shown.uid}
            row={shown}
            doubtful={doubtful.has(shown.uid)}
            whole={wholeOf(shown.uid, arriving)}
            mayMerge={identity.may}
            onOpen={() => open(shown.uid)}
          />
        )
      )}
      {adding.over && (
        <div className="drop">
          <p>{say("drop_here")}</p>
        </div>
      )}
      <ListKeys />
    </div>
  );
}

/** `/` goes to the search, unless something is being written. */
function useSlash(field: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        field.current?.focus();
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [field]);
}

/** The button for files, and how it went with those that were added. */
function AddFiles({ adding: { all, choose, setOpen, open } }: { readonly adding: UsedUploads }) {
  const { say } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const { done, failed } = sumOf(all);
  return (
    <>
      {all.length > 0 && !open && (
        <button type="button" className="button" onClick={() => setOpen(true)}>
          <Shape status={failed > 0 ? "stop" : done < all.length ? "info" : "ok"} />
          {failed > 0 ? say("upload_failed_count", { count: failed }) : say("upload_done", { done, all: all.length })}
        </button>
      )}
      <input
        ref={input}
        className="hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          choose(event.target.files);
          // The same files can be chosen again.
          event.target.value = "";
        }}
      />
      <button type="button" className="button" data-action="add-files" onClick={() => input.current?.click()}>
        <Icon name="add" />
        {say("add_files")}
      </button>
    </>
  );
}

function Count({ used: { found, page } }: { readonly used: UsedSearch }) {
  const { say } = useWords();
  if (!found) {
    return null;
  }
  const first = page * PAGE + 1;
  const text = found.tooMany
    ? say("found_more", { count: MOST_FOUND })
    : found.count !== null
      ? say("found_count", { count: found.count })
      : say("found_range", { first, last: page * PAGE + found.studies.length });
  return (
    <span className="faint small" role="status">
      {text}
    </span>
  );
}

/** What stands where no row is: why, and what can be done. */
function Nothing({ used }: { readonly used: UsedSearch }) {
  const words = useWords();
  const { say } = words;
  const { found, error, search } = used;
  if (error) {
    const missing = error instanceof NodeError && error.status === 404;
    const reason = reasonText(error, words);
    return (
      <div className="nothing" role="alert">
        <p className="row">
          <Shape status="stop" />
          {missing ? say("no_node") : say("node_fails", { reason })}
        </p>
        <button type="button" className="button" onClick={used.again}>
          {say("try_again")}
        </button>
      </div>
    );
  }
  if (!found) {
    return (
      <div className="grey-rows" aria-hidden="true">
        {Array.from({ length: 8 }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: grey blocks, all alike.
          <span key={at} className="grey" />
        ))}
      </div>
    );
  }
  if (found.studies.length > 0) {
    return null;
  }
  const searches = search.text !== "" || search.modality !== "" || search.period !== "any";
  return (
    <div className="nothing">
      <p className="hint">{say(searches ? "no_studies_found" : "no_studies")}</p>
      {searches && (
        <button type="button" className="button" onClick={() => used.set(NO_SEARCH)}>
          {say("search_clear")}
        </button>
      )}
    </div>
  );
}

function Pages({ used: { page, found, toPage } }: { readonly used: UsedSearch }) {
  const { say } = useWords();
  if (page === 0 && !found?.older) {
    return null;
  }
  return (
    <nav className="pages" aria-label={say("pages")}>
      <button
        type="button"
        className="button small"
        aria-disabled={page === 0}
        onClick={() => page > 0 && toPage(page - 1)}
      >
        <Icon name="back" />
        {say("page_before")}
      </button>
      <span className="quiet">
        {say("found_range", { first: page * PAGE + 1, last: page * PAGE + (found?.studies.length ?? 0) })}
      </span>
      <button
        type="button"
        className="button small"
        aria-disabled={!found?.older}
        onClick={() => found?.older && toPage(page + 1)}
      >
        {say("page_next")}
        <Icon name="next" />
      </button>
    </nav>
  );
}

interface RowProps {
  readonly row: StudyRow;
  readonly search: string;
  readonly chosen: boolean;
  /** Something contradicts who was examined. */
  readonly doubtful: boolean;
  readonly whole: Whole;
  readonly onChoose: () => void;
  readonly onOpen: () => void;
}

/**
 * Going to a row shows it in the preview, and pressing it then opens it; so do Enter, and any press where there is no room for a preview.
 */
function Row({ row, search, chosen, doubtful, whole, onChoose, onOpen }: RowProps) {
  const { say } = useWords();
  const wasChosen = useRef(false);
  const press = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    const byKey = event.detail === 0;
    if (byKey || wasChosen.current || !window.matchMedia(WITH_PREVIEW).matches) {
      onOpen();
    }
  };
  return (
    <a
      className="study-row"
      href={addressOf({ page: "studies", exam: null, study: row.uid })}
      aria-current={chosen || undefined}
      data-study={row.uid}
      onPointerDown={() => {
        wasChosen.current = chosen;
      }}
      onFocus={onChoose}
      onClick={press}
    >
      <StudyCells row={row} search={search} mark={doubtful && <Doubtful />} />
      <span className={whole === "study_arriving" ? "two tally arriving" : "two tally"}>
        <span>{row.instances}</span>
        <small data-whole={whole}>{whole && say(whole)}</small>
      </span>
    </a>
  );
}

/** The mark of a study whose patient somebody contradicted. */
function Doubtful() {
  const { say } = useWords();
  return (
    <span className="doubtful" title={say("doubtful")}>
      <Shape status="warn" />
      <span className="hidden">{say("doubtful")}</span>
    </span>
  );
}
