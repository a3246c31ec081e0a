import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { mayDo, useSession } from "../access/session";
import {
  type Act,
  type AsideObject,
  type Contradiction,
  carryOut,
  type Differences,
  findAside,
  findContradictions,
  findContradictionsAround,
  findDecided,
  findDifferences,
  findMerges,
  findOverview,
  findPartings,
  type MergeStudies,
  NO_DOUBT,
  type Overview,
  type WhoIsWho,
} from "./identity";

const IDENTITY = ["identity"] as const;
/** How often it is looked whether something is doubtful, ms. */
const LOOK_MS = 10_000;

export interface UsedOverview {
  readonly overview: Overview;
  /** Whether whoever sits here may say who is who. */
  readonly may: boolean;
}

/** Whether something is doubtful about who was examined. */
export function useOverview(): UsedOverview {
  const may = mayDo(useSession(), "merge");
  const { data } = useQuery({
    queryKey: [...IDENTITY, "overview"],
    queryFn: ({ signal }) => findOverview(signal),
    refetchInterval: LOOK_MS,
  });
  return { overview: data ?? NO_DOUBT, may };
}

/** What contradicts who was examined in one study; nothing for who may not settle it. */
export function useDisputes(study: string, asks: boolean): readonly Contradiction[] {
  const { data } = useQuery({
    queryKey: [...IDENTITY, "around", study],
    queryFn: ({ signal }) => findContradictionsAround(study, signal),
    refetchInterval: LOOK_MS,
    enabled: asks,
  });
  return (asks && data) || [];
}

export interface UsedDifferences {
  /** `null` while they are not known. */
  readonly differences: Differences | null;
  readonly error: Error | null;
}

/** How an object that was kept aside differs from the one that has its UID: neither becomes another one while it does. */
export function useDifferences({ id, kept }: AsideObject): UsedDifferences {
  const { data, error } = useQuery({
    queryKey: [...IDENTITY, "differences", id, kept?.digest],
    queryFn: ({ signal }) => findDifferences(id, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { differences: data ?? null, error };
}

function useActing() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: carryOut,
    onSettled: (_data, _error, { act }) =>
      act === "take"
        ? // What is handed out is another object now: nothing that was read of it counts.
          client.invalidateQueries()
        : // Whose studies are is another now, wherever they are shown.
          Promise.all(
            [IDENTITY, ["studies"], ["study"]].map((queryKey) => client.invalidateQueries({ queryKey: [...queryKey] })),
          ),
  });
}

export interface UsedMerge {
  readonly error: Error | null;
  readonly busy: boolean;
  /** Says that the patient of one study is that of another one; `done` is called where that was taken. */
  readonly merge: (merge: MergeStudies, done: () => void) => void;
}

/** To say that two patients are one. */
export function useMerge(): UsedMerge {
  const acted = useActing();
  return {
    error: acted.error,
    busy: acted.isPending,
    merge: (merge, done) => acted.mutate({ act: "merge", merge, settles: [] }, { onSuccess: done }),
  };
}

export interface UsedDoubts {
  readonly contradictions: readonly Contradiction[];
  readonly aside: readonly AsideObject[];
  readonly decided: readonly AsideObject[];
  readonly merges: readonly WhoIsWho[];
  readonly partings: readonly WhoIsWho[];
  /** The lists could not be had, or the last thing that was asked was refused. */
  readonly error: Error | null;
  /** Something was asked for that the program has not answered yet. */
  readonly busy: boolean;
  readonly act: (act: Act) => void;
}

/** What is doubtful, and what can be done about it. */
export function useDoubts(): UsedDoubts {
  const looked = { refetchInterval: LOOK_MS, placeholderData: keepPreviousData };
  const contradictions = useQuery({
    queryKey: [...IDENTITY, "contradictions"],
    queryFn: ({ signal }) => findContradictions(signal),
    ...looked,
  });
  const aside = useQuery({ queryKey: [...IDENTITY, "aside"], queryFn: ({ signal }) => findAside(signal), ...looked });
  const decided = useQuery({
    queryKey: [...IDENTITY, "decided"],
    queryFn: ({ signal }) => findDecided(signal),
    ...looked,
  });
  const merges = useQuery({
    queryKey: [...IDENTITY, "merges"],
    queryFn: ({ signal }) => findMerges(signal),
    ...looked,
  });
  const partings = useQuery({
    queryKey: [...IDENTITY, "partings"],
    queryFn: ({ signal }) => findPartings(signal),
    ...looked,
  });
  const acted = useActing();
  return {
    contradictions: contradictions.data ?? [],
    aside: aside.data ?? [],
    decided: decided.data ?? [],
    merges: merges.data ?? [],
    partings: partings.data ?? [],
    error: acted.error ?? contradictions.error ?? aside.error ?? decided.error ?? merges.error ?? partings.error,
    busy: acted.isPending,
    act: (act) => acted.mutate(act),
  };
}
