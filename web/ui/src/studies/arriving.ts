/** Which studies something still comes to. */
import { sessionEnded } from "../access/session";
import { faultIn } from "../words/fault";
import { NodeError } from "./client";

/** Whether all of a study is here; nobody knows where the program has not said it yet. */
export type Whole = "study_arriving" | "study_complete" | null;

/** Study Instance UIDs of the studies that are not complete. */
export async function findArriving(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const response = await fetch("/api/events/arriving", { signal });
  if (response.status === 401) {
    sessionEnded();
  }
  // A program without a store answers with its page.
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (!response.ok || isPage) {
    throw new NodeError(response.ok ? 404 : response.status, faultIn(await response.text()));
  }
  return new Set((await response.json()) as readonly string[]);
}

export function wholeOf(uid: string, arriving: ReadonlySet<string> | undefined): Whole {
  if (arriving === undefined) {
    return null;
  }
  return arriving.has(uid) ? "study_arriving" : "study_complete";
}
