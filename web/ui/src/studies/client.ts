/** The node's DICOMweb, as the page asks it. */
import { sessionEnded } from "../access/session";
import { type Fault, faultIn, faultText } from "../words/fault";
import type { Words } from "../words/words";
import type { DataSet } from "./dataSet";

const ROOT = "/dicomweb";
const JSON_TYPE = "application/dicom+json";
/** The node's word that an answer was cut (PS3.18 §8.3.4.4). */
const MORE = /more results/;

/** The node answered that it cannot; `status` 404 may mean that there is no node. */
export class NodeError extends Error {
  constructor(
    readonly status: number,
    readonly fault: Fault,
  ) {
    super(`${status} ${fault.error}`);
  }
}

export interface Answer {
  readonly found: readonly DataSet[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

/** Why the node did not answer, in one line. */
export function reasonText(error: unknown, words: Words): string {
  if (error instanceof NodeError) {
    return faultText(error.fault, words);
  }
  // What a browser says where nobody answers, or not to the end; anything else is a picture that it cannot draw.
  const lost = error instanceof TypeError || error instanceof SyntaxError;
  return words.say(lost ? "state_lost" : "fault_text_not_drawable");
}

/** An answer that is one; what says no, or a program without such a part, which answers with its page, is a {@link NodeError}. */
export async function answered(response: Response): Promise<Response> {
  if (response.status === 401) {
    sessionEnded();
  }
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (!response.ok || isPage) {
    throw new NodeError(response.ok ? 404 : response.status, faultIn(await response.text()));
  }
  return response;
}

async function ask(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(`${ROOT}${path}`, { signal, headers: { Accept: JSON_TYPE } });
  if (response.status === 204) {
    return { found: [], more: false };
  }
  if (response.status === 401) {
    sessionEnded();
  }
  // A program without a node answers with its page.
  if (!response.ok || !response.headers.get("content-type")?.startsWith(JSON_TYPE)) {
    throw new NodeError(response.ok ? 404 : response.status, faultIn(await response.text()));
  }
  const found = (await response.json()) as readonly DataSet[];
  return { found, more: MORE.test(response.headers.get("warning") ?? "") };
}

export const findStudies = (query: string, signal: AbortSignal): Promise<Answer> => ask(`/studies?${query}`, signal);

export const findSeries = (study: string, signal: AbortSignal): Promise<Answer> =>
  ask(`/studies/${encodeURIComponent(study)}/series`, signal);

/** Every instance of a study with what the index knows of it and of its series. */
export const findInstances = (study: string, signal: AbortSignal): Promise<Answer> =>
  ask(`/studies/${encodeURIComponent(study)}/instances`, signal);

/** Where an instance is. */
export interface Place {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
}

function pathOf({ study, series, instance }: Place): string {
  const [a, b, c] = [study, series, instance].map(encodeURIComponent);
  return `/studies/${a}/series/${b}/instances/${c}`;
}

/** Every attribute of an instance but the pixels. */
export async function metadataOf(place: Place, signal: AbortSignal): Promise<DataSet> {
  const { found } = await ask(`${pathOf(place)}/metadata`, signal);
  return found[0] ?? {};
}

/** A small picture of a study, a series or an instance: its middle one. */
export function thumbnailOf(study: string, series?: string, instance?: string, size = 256): string {
  const path = ["studies", study, series && "series", series, instance && "instances", instance];
  return `${ROOT}/${path
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
    .join("/")}/thumbnail?viewport=${size},${size}`;
}

/** A frame as the node draws it; frames count from 1 there (PS3.18 §10.4.1.1.6). */
export const renderedFrame = (place: Place, frame: number): string =>
  `${ROOT}${pathOf(place)}/frames/${frame + 1}/rendered?quality=95`;

/** The samples of a frame, uncompressed, in little endian. */
export async function samplesOf(place: Place, frame: number): Promise<ArrayBuffer> {
  const response = await fetch(`${ROOT}${pathOf(place)}/frames/${frame + 1}`, {
    headers: { Accept: "application/octet-stream;transfer-syntax=1.2.840.10008.1.2.1" },
  });
  if (!response.ok) {
    throw new NodeError(response.status, faultIn(await response.text()));
  }
  return response.arrayBuffer();
}
