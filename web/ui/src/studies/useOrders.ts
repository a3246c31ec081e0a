import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { listSites } from "../access/api";
import { mayDo, useSession } from "../access/session";
import type { Day } from "./dates";
import { carryOut, findOrders, type ListedOrder, type ListedOrders, type OrderAct, type OrderState } from "./orders";

const ORDERS = ["orders"] as const;
/** A machine that begins is seen within a second: the list asks again so often while it is looked at, ms. */
const AGAIN_MS = 900;

export interface UsedOrders {
  readonly listed: ListedOrders | null;
  /** What stands here is of another day, state or page. */
  readonly stale: boolean;
  readonly error: Error | null;
  readonly again: () => void;
}

export function useOrders(day: Day, state: OrderState | "", after: string | null): UsedOrders {
  const { data, error, isPlaceholderData, refetch } = useQuery({
    queryKey: [...ORDERS, day, state, after],
    queryFn: ({ signal }) => findOrders(day, state, after, signal),
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
  });
  return { listed: data ?? null, stale: isPlaceholderData, error, again: () => void refetch() };
}

export interface UsedOrderActs {
  readonly error: Error | null;
  readonly busy: boolean;
  /** `done` is called with the order as it is then, where it was taken. */
  readonly act: (act: OrderAct, done: (kept: ListedOrder) => void) => void;
  readonly forget: () => void;
}

export function useOrderActs(): UsedOrderActs {
  const client = useQueryClient();
  const acted = useMutation({
    mutationFn: carryOut,
    onSettled: () => client.invalidateQueries({ queryKey: ORDERS }),
  });
  return {
    error: acted.error,
    busy: acted.isPending,
    act: (act, done) => acted.mutate(act, { onSuccess: done }),
    forget: acted.reset,
  };
}

const NONE: readonly string[] = [];

/** The sites of which a new order may be, where there are several; the first is the usual one. */
export function useOrderSites(): readonly string[] {
  const session = useSession();
  const own = session.kind === "somebody" ? session.me.sites : NONE;
  const asks = session.kind === "somebody" && mayDo(session, "administer");
  const { data } = useQuery({
    queryKey: ["sites"],
    queryFn: async () => {
      const all = await listSites();
      return all.ok ? all.value.map(({ name }) => name) : NONE;
    },
    enabled: asks,
  });
  const all = asks ? [...own, ...(data ?? NONE).filter((site) => !own.includes(site))] : own;
  return all.length > 1 ? all : NONE;
}
