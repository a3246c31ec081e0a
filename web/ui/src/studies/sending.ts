/** Sending to other nodes, as the page asks this one for it, and the queue of that and of what is fetched from them. */
import type { components } from "../api/schema";
import type { Status } from "../parts/shapes";
import type { Words } from "../words/words";
import { answered } from "./client";

type Schemas = components["schemas"];

const ROOT = "/api/sending";

/** What shall be sent where. */
export type Sending = Schemas["Sending"];
/** Why a sending or a fetching failed. */
export type SendFault = Schemas["SendFault"];
/** A sending or a fetching as the queue has it. */
export type Queued = Schemas["Queued"];
/** The queue: how many there are, and the first of them. */
export type Queue = Schemas["Queue"];

/** Whether it comes from another node, and does not go to one. */
export const isFetching = (queued: Queued): queued is Queued & Schemas["Fetching"] => "from" in queued;

/** The title of the other node. */
export const nodeOf = (queued: Queued): string => (isFetching(queued) ? queued.from : (queued as Sending).to);

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await answered(await fetch(`${ROOT}${path}`, { signal }));
  return (await response.json()) as T;
}

/** The nodes that can be sent to. */
export const findNeighbours = (signal: AbortSignal): Promise<readonly string[]> => get("/neighbours", signal);

export const findSendings = (signal: AbortSignal): Promise<Queue> => get("", signal);

async function post(path: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await answered(await fetch(`${ROOT}${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

export const send = (sending: Sending): Promise<void> => post("", sending);

export async function change(id: number, what: "retry" | "cancel"): Promise<void> {
  await answered(await fetch(`${ROOT}/${id}/${what}`, { method: "POST" }));
}

/** Takes what is done or cancelled out of the list. */
export const clear = (ids: readonly number[]): Promise<void> => post("/clear", { ids } satisfies Schemas["Clear"]);

/** What nothing is left to do about. */
export const settled = (all: readonly Queued[]): readonly number[] =>
  all.filter(({ state }) => state === "done" || state === "cancelled").map(({ id }) => id);

/** The queue in a word or two. */
export function sumText({ open, again, failed }: Pick<Queue, "open" | "again" | "failed">, { say }: Words): string {
  const parts = [
    open > again && say("sendings_open", { count: open - again }),
    again > 0 && say("sendings_again", { count: again }),
    failed > 0 && say("sendings_failed", { count: failed }),
  ];
  return parts.filter(Boolean).join(" · ") || say("sendings_none");
}

/** That there are more than are listed; nothing where there are not. */
export const moreText = ({ all, queue }: Pick<Queue, "all" | "queue">, { say }: Words): string | null =>
  all > queue.length ? say("sendings_first", { count: queue.length, all }) : null;

export function shapeOf({ state, promise, fault }: Queued): Status {
  switch (state) {
    case "waiting":
      return fault ? "warn" : "off";
    case "running":
      return "info";
    case "failed":
      return "stop";
    case "cancelled":
      return "off";
    case "done":
      return promise === "not_kept" ? "warn" : "ok";
  }
}

/** Why it failed, in one line. */
export function faultText(fault: SendFault, { say }: Words): string {
  const status = "status" in fault ? fault.status : "";
  const count = "count" in fault ? fault.count : 0;
  return say(`send_fault_${fault.why}`, { status, count });
}

/** How a sending stands, in one line. */
export function stateOf(queued: Queued, words: Words, now: number): string {
  const { state, taken, of, promise, fault, due_ms } = queued;
  const { say } = words;
  const way = isFetching(queued) ? "fetch" : "send";
  switch (state) {
    case "waiting": {
      if (!fault) {
        return say("send_waiting");
      }
      const minutes = Math.max(1, Math.ceil((due_ms - now) / 60_000));
      return say("send_again", { reason: faultText(fault, words), minutes });
    }
    case "running":
      return of > 0 ? say(`${way}_running_of`, { taken, of }) : say(`${way}_running`);
    case "failed":
      return say("send_failed", { reason: fault ? faultText(fault, words) : "" });
    case "cancelled":
      return taken > 0 ? say(`${way}_cancelled`, { taken }) : say(`${way}_cancelled_before`);
    case "done":
      return promise ? say(`send_done_${promise}`, { of }) : say(`${way}_done`, { of });
  }
}
