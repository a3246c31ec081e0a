import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { change, findNeighbours, findSendings, type Queued, type Sending, send, sumOfSendings } from "./sending";

const SENDINGS = ["sendings"] as const;
/** How often the queue is looked at: while something is under way, and else. */
const SOON_MS = 1000;
const SELDOM_MS = 10_000;

export interface UsedSendings {
  readonly all: readonly Queued[];
  /** The last thing that was asked of the queue was refused. */
  readonly error: Error | null;
  readonly change: (id: number, what: "retry" | "cancel") => void;
}

/** The queue of what is sent to other nodes. */
export function useSendings(): UsedSendings {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: SENDINGS,
    queryFn: ({ signal }) => findSendings(signal),
    refetchInterval: ({ state }) => (state.data && sumOfSendings(state.data).open > 0 ? SOON_MS : SELDOM_MS),
  });
  const changed = useMutation({
    mutationFn: ({ id, what }: { id: number; what: "retry" | "cancel" }) => change(id, what),
    onSettled: () => client.invalidateQueries({ queryKey: SENDINGS }),
  });
  return { all: data ?? [], error: changed.error, change: (id, what) => changed.mutate({ id, what }) };
}

export interface UsedSend {
  /** The nodes that can be sent to. */
  readonly neighbours: readonly string[];
  readonly error: Error | null;
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
  return { neighbours: data ?? [], error: asked.error, send: asked.mutate };
}
