/** The search of the list: what is written, and what the node answers to it. */
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { findStudies } from "./client";
import type { DataSet } from "./dataSet";
import { dayAt } from "./dates";
import { NO_SEARCH, PAGE, plainText, questionsOf, type Search, together } from "./question";

/** A pause in typing after which the node is asked, ms. */
const PAUSE_MS = 120;
/** New studies come by themselves, within a second: the list asks again so often while it is seen, ms. */
const AGAIN_MS = 800;

export interface Found {
  readonly studies: readonly DataSet[];
  /** Of how many in all, where that is known. */
  readonly count: number | null;
  /** There is an older page. */
  readonly older: boolean;
  /** More fit the search than are put in order. */
  readonly tooMany: boolean;
  /** What stands here is of an earlier search. */
  readonly stale: boolean;
}

export interface UsedSearch {
  readonly search: Search;
  readonly set: (part: Partial<Search>) => void;
  readonly page: number;
  readonly toPage: (page: number) => void;
  readonly found: Found | null;
  readonly error: Error | null;
  readonly again: () => void;
}

// Whoever comes back from a study finds the list as it was left.
let left: { readonly search: Search; readonly page: number } = { search: NO_SEARCH, page: 0 };

export function useSearch(): UsedSearch {
  const [search, setSearch] = useState(left.search);
  const [page, setPage] = useState(left.page);
  useEffect(() => {
    left = { search, page };
  }, [search, page]);
  const text = usePaused(search.text);
  const asked = { ...search, text };
  const isText = plainText(text) !== "";
  const questions = questionsOf(asked, page, dayAt(Date.now()));
  const answers = useQueries({
    queries: questions.map((question) => ({
      queryKey: ["studies", question],
      queryFn: ({ signal }: { signal: AbortSignal }) => findStudies(question, signal),
      placeholderData: keepPreviousData,
      refetchInterval: AGAIN_MS,
    })),
  });
  const error = answers.find((answer) => answer.error)?.error ?? null;
  const data = answers.map((answer) => answer.data);
  let found: Found | null = null;
  if (data.every((answer) => answer !== undefined)) {
    const all = together(data.map((answer) => answer.found));
    const more = data.some((answer) => answer.more);
    found = {
      studies: isText ? all.slice(page * PAGE, (page + 1) * PAGE) : all,
      count: isText ? all.length : more || page > 0 ? null : all.length,
      older: isText ? all.length > (page + 1) * PAGE : more,
      tooMany: isText && more,
      stale: answers.some((answer) => answer.isPlaceholderData),
    };
  }
  return {
    search,
    set: (part) => {
      setSearch((before) => ({ ...before, ...part }));
      setPage(0);
    },
    page,
    toPage: setPage,
    found,
    error: found === null || answers.some((answer) => answer.isError) ? error : null,
    again: () => {
      for (const answer of answers) {
        void answer.refetch();
      }
    },
  };
}

/** A value once it has not changed for a moment; emptied, at once. */
export function usePaused(value: string): string {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    if (value === "") {
      setPaused("");
      return;
    }
    const timer = setTimeout(() => setPaused(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return paused;
}
