/** Other nodes, as the page has them searched and studies fetched from them. */
import type { components } from "../api/schema";
import type { Status } from "../parts/shapes";
import type { Words } from "../words/words";
import { answered } from "./client";
import type { DataSet } from "./dataSet";
import { type Day, dateRange } from "./dates";
import type { Search } from "./question";
import { type Queued, shapeOf, stateOf } from "./sending";

type Schemas = components["schemas"];

const ROOT = "/api/nodes";

/** What is searched for, and where. */
export type NodeSearch = Schemas["NodeSearch"];
export type Fetching = Schemas["Fetching"];

/** A study that another node has, and how many of its images are here. */
export interface StudyThere {
  readonly study: DataSet;
  readonly here: number;
}

export interface SearchAnswer {
  readonly studies: readonly StudyThere[];
  readonly more: boolean;
  /** Answers that could not be read. */
  readonly unread: number;
}

/** The nodes that can be searched and fetched from. */
export async function findSources(signal: AbortSignal): Promise<readonly string[]> {
  return (await (await answered(await fetch(ROOT, { signal }))).json()) as readonly string[];
}

const headers = { "Content-Type": "application/json" };

/** Who is looked for stands in the body: no address, and so no log, holds it. */
export async function searchNode(search: NodeSearch, signal: AbortSignal): Promise<SearchAnswer> {
  const body = JSON.stringify(search);
  const response = await answered(await fetch(`${ROOT}/search`, { method: "POST", headers, body, signal }));
  return (await response.json()) as SearchAnswer;
}

export async function fetchStudy(fetching: Fetching): Promise<void> {
  await answered(await fetch(`${ROOT}/fetch`, { method: "POST", headers, body: JSON.stringify(fetching) }));
}

/** What a node is asked; `null` where nothing is searched for. `exact`: the text is a patient's identifier as it stands. */
export function askedOf(from: string, search: Search, exact: boolean, today: Day): NodeSearch | null {
  const text = search.text.trim();
  const date = dateRange(search.period, search.from, search.to, today);
  if (from === "" || (text === "" && date === null && search.modality === "")) {
    return null;
  }
  return {
    from,
    ...(text !== "" && (exact ? { patient_id: text } : { text })),
    ...(date !== null && { date }),
    ...(search.modality !== "" && { modality: search.modality }),
  };
}

/** How a study of another node stands here, and what can be done about it. */
export interface Standing {
  readonly shape: Status | null;
  readonly text: string | null;
  readonly act: "fetch" | "again" | null;
  /** Something of it can be looked at. */
  readonly opens: boolean;
}

/** `of`: how many images the node says that it has, 0 where it does not; `job`: the newest fetching of it. */
export function standingOf(here: number, of: number, job: Queued | null, words: Words, now: number): Standing {
  const { say } = words;
  if (job && (job.state === "waiting" || job.state === "running")) {
    return { shape: shapeOf(job), text: stateOf(job, words, now), act: null, opens: here > 0 };
  }
  if (job?.state === "failed") {
    return { shape: "stop", text: stateOf(job, words, now), act: "again", opens: here > 0 };
  }
  const came = job?.state === "done" ? Math.max(here, job.of) : here;
  if (came === 0) {
    return { shape: null, text: null, act: "fetch", opens: false };
  }
  if (came >= of && (of > 0 || job?.state === "done")) {
    return { shape: "ok", text: say("nodes_here", { count: came }), act: null, opens: true };
  }
  const text = of > 0 ? say("nodes_here_of", { count: came, of }) : say("nodes_here", { count: came });
  return { shape: "info", text, act: "fetch", opens: true };
}
