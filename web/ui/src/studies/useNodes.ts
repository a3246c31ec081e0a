import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { mayDo, useSession } from "../access/session";
import { type Fetching, fetchStudy, findSources, type NodeSearch, type SearchAnswer, searchNode } from "./nodes";
import { SENDINGS } from "./useSendings";

const NOBODY: readonly string[] = [];

/** The nodes that can be searched; `null` as long as that is not known. */
export function useSources(): readonly string[] | null {
  const may = mayDo(useSession(), "send");
  const { data, isError } = useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => findSources(signal),
    enabled: may,
  });
  return data ?? (isError || !may ? NOBODY : null);
}

export interface UsedNodeSearch {
  readonly answer: SearchAnswer | null;
  readonly error: Error | null;
  readonly busy: boolean;
  readonly again: () => void;
  readonly stop: () => void;
}

/** What another node answers. It is asked once for each search, and no longer than somebody waits for it. */
export function useNodeSearch(asked: NodeSearch | null): UsedNodeSearch {
  const client = useQueryClient();
  const queryKey = ["node-search", asked];
  const { data, error, isFetching, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => searchNode(asked as NodeSearch, signal),
    enabled: asked !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return {
    answer: data ?? null,
    error: isFetching ? null : error,
    busy: isFetching,
    again: () => void refetch(),
    stop: () => void client.cancelQueries({ queryKey }),
  };
}

export interface UsedFetch {
  readonly error: Error | null;
  readonly busy: boolean;
  readonly fetch: (fetching: Fetching) => void;
}

/** To have a study fetched. */
export function useFetch(): UsedFetch {
  const client = useQueryClient();
  const asked = useMutation({
    mutationFn: fetchStudy,
    onSettled: () => client.invalidateQueries({ queryKey: SENDINGS }),
  });
  return { error: asked.error, busy: asked.isPending, fetch: asked.mutate };
}
