import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  change,
  clear,
  findNeighbours,
  findSendings,
  type Queue,
  type Queued,
  type Sending,
  send,
  settled,
} from "./sending";

export const SENDINGS = ["sendings"] as const;
/** How often the queue is looked at: while something is under way, and else. */
const SOON_MS = 1000;
const SELDOM_MS = 10_000;

const EMPTY: Queue = { all: 0, open: 0, again: 0, failed: 0, queue: [] };

export interface UsedSendings {
  /** How many there are, and the first of them. */
  readonly queue: Queue;
  /** Those that are listed. */
  readonly listed: readonly Queued[];
  /** The last thing that was asked of the queue was refused. */
  readonly error: Error | null;
  /** Something was asked of the queue that it has not answered yet. */
  readonly busy: boolean;
  readonly change: (id: number, what: "retry" | "cancel") => void;
  /** Takes out of the list what nothing is left to do about. */
  readonly clear: () => void;
}

/** The queue of what is sent to other nodes and fetched from them. */
export function useSendings(): UsedSendings {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: SENDINGS,
    queryFn: ({ signal }) => findSendings(signal),
    refetchInterval: ({ state }) => (state.data && state.data.open > 0 ? SOON_MS : SELDOM_MS),
  });
  const changed = useMutation({
    mutationFn: ({ id, what }: { id: number; what: "retry" | "cancel" }) => change(id, what),
    onSettled: () => client.invalidateQueries({ queryKey: SENDINGS }),
  });
  const cleared = useMutation({
    mutationFn: clear,
    onSettled: () => client.invalidateQueries({ queryKey: SENDINGS }),
  });
  const queue = data ?? EMPTY;
  return {
    queue,
    listed: queue.queue,
    error: changed.error ?? cleared.error,
    busy: changed.isPending || cleared.isPending,
    change: (id, what) => changed.mutate({ id, what }),
    clear: () => cleared.mutate(settled(queue.queue)),
  };
}

export interface UsedSend {
  /** The nodes that can be sent to. */
  readonly neighbours: readonly string[];
  readonly error: Error | null;
  /** Something was asked for that the program has not answered yet. */
  readonly busy: boolean;
  readonly send: (sending: Sending) => void;
}

/** To have something sent. */
export function useSend(): UsedSend {
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: ["neighbours"], queryFn: ({ signal }) => findNeighbours(signal) });
  const asked = useMutation({
    mutationFn: send,
    onSettled: () => client.invalidateQueries({ queryKey: SENDINGS }),
  });
  return { neighbours: data ?? [], error: asked.error, busy: asked.isPending, send: asked.mutate };
}
