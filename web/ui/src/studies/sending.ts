/** Sending to other nodes, as the page asks this one for it. */
import type { Status } from "../parts/shapes";
import { faultIn } from "../words/fault";
import type { Words } from "../words/words";
import { NodeError } from "./client";

const ROOT = "/api/sending";

/** What shall be sent where. */
export interface Sending {
  readonly to: string;
  readonly study_uid: string;
  readonly series_uid?: string;
}

export type SendState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** Why a sending failed. */
export interface SendFault {
  readonly why:
    | "unknown_node"
    | "nothing_here"
    | "unreachable"
    | "rejected"
    | "broken_off"
    | "refused"
    | "not_taken"
    | "unreadable"
    | "no_commitment"
    | "commitment_refused";
  /** What the other node answered, in hexadecimal digits. */
  readonly status?: string;
  /** How many images it concerns. */
  readonly count?: number;
}

/** A sending as the queue has it. */
export interface Queued extends Sending {
  readonly id: number;
  readonly state: SendState;
  /** Images that were taken, of all. */
  readonly taken: number;
  readonly of: number;
  /** What the other node says of keeping them, where it was asked. */
  readonly promise: "asked" | "kept" | "not_kept" | null;
  readonly fault: SendFault | null;
  readonly tries: number;
  /** When it was asked for, and when it is tried again or has ended, in milliseconds since 1970. */
  readonly at_ms: number;
  readonly due_ms: number;
}

async function answered(response: Response): Promise<Response> {
  // A program without a queue answers with its page.
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (!response.ok || isPage) {
    throw new NodeError(response.ok ? 404 : response.status, faultIn(await response.text()));
  }
  return response;
}

async function list<T>(path: string, signal: AbortSignal): Promise<readonly T[]> {
  const response = await answered(await fetch(`${ROOT}${path}`, { signal }));
  return (await response.json()) as readonly T[];
}

/** The nodes that can be sent to. */
export const findNeighbours = (signal: AbortSignal): Promise<readonly string[]> => list("/neighbours", signal);

export const findSendings = (signal: AbortSignal): Promise<readonly Queued[]> => list("", signal);

export async function send(sending: Sending): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await answered(await fetch(ROOT, { method: "POST", headers, body: JSON.stringify(sending) }));
}

export async function change(id: number, what: "retry" | "cancel"): Promise<void> {
  await answered(await fetch(`${ROOT}/${id}/${what}`, { method: "POST" }));
}

/** How many wait or are under way, and how many failed. */
export function sumOfSendings(all: readonly Queued[]): { readonly open: number; readonly failed: number } {
  const count = (...states: SendState[]): number => all.filter(({ state }) => states.includes(state)).length;
  return { open: count("waiting", "running"), failed: count("failed") };
}

/** The queue in a word or two. */
export function sumText(all: readonly Queued[], { say }: Words): string {
  const { open, failed } = sumOfSendings(all);
  const parts = [
    open > 0 && say("sendings_open", { count: open }),
    failed > 0 && say("sendings_failed", { count: failed }),
  ];
  return parts.filter(Boolean).join(" · ") || say("sendings_none");
}

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
export function faultText({ why, status = "", count = 0 }: SendFault, { say }: Words): string {
  return say(`send_fault_${why}`, { status, count });
}

/** How a sending stands, in one line. */
export function stateOf(queued: Queued, words: Words, now: number): string {
  const { state, taken, of, promise, fault, due_ms } = queued;
  const { say } = words;
  switch (state) {
    case "waiting": {
      if (!fault) {
        return say("send_waiting");
      }
      const minutes = Math.max(1, Math.ceil((due_ms - now) / 60_000));
      return say("send_again", { reason: faultText(fault, words), minutes });
    }
    case "running":
      return of > 0 ? say("send_running_of", { taken, of }) : say("send_running");
    case "failed":
      return say("send_failed", { reason: fault ? faultText(fault, words) : "" });
    case "cancelled":
      return taken > 0 ? say("send_cancelled", { taken }) : say("send_cancelled_before");
    case "done":
      return promise ? say(`send_done_${promise}`, { of }) : say("send_done", { of });
  }
}
