/** Which studies something still comes to. */
import { answered } from "./client";

/** Whether all of a study is here; nobody knows where the program has not said it yet. */
export type Whole = "study_arriving" | "study_complete" | null;

/** Study Instance UIDs of the studies that are not complete. */
export async function findArriving(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const response = await answered(await fetch("/api/events/arriving", { signal }));
  return new Set((await response.json()) as readonly string[]);
}

export function wholeOf(uid: string, arriving: ReadonlySet<string> | undefined): Whole {
  if (arriving === undefined) {
    return null;
  }
  return arriving.has(uid) ? "study_arriving" : "study_complete";
}
