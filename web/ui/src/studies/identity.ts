/** Who is who, as the page asks it: contradictions about who was examined, objects that were kept aside, patients that are one, or two. */
import { sessionEnded } from "../access/session";
import type { components } from "../api/schema";
import type { Status } from "../parts/shapes";
import { faultIn } from "../words/fault";
import type { Words } from "../words/words";
import { NodeError } from "./client";
import type { DataSet } from "./dataSet";
import { nameOf, textOf, writtenName } from "./dataSet";
import { dayOf } from "./dates";

type Schemas = components["schemas"];

const ROOT = "/api/identity";

export type Overview = Schemas["IdentityOverview"];
export type Contradiction = Schemas["Contradiction"];
export type AsideObject = Schemas["AsideObject"];
export type OpenMerge = Schemas["OpenMerge"];
export type OpenParting = Schemas["OpenParting"];
export type MergeStudies = Schemas["MergeStudies"];

export const NO_DOUBT: Overview = { contradictions: 0, aside: 0, decided: 0, merges: 0, partings: 0, doubtful: [] };

async function answered(response: Response): Promise<Response> {
  if (response.status === 401) {
    sessionEnded();
  }
  // A program without a store answers with its page.
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (!response.ok || isPage) {
    throw new NodeError(response.ok ? 404 : response.status, faultIn(await response.text()));
  }
  return response;
}

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await answered(await fetch(`${ROOT}${path}`, { signal }));
  return (await response.json()) as T;
}

export const findOverview = (signal: AbortSignal): Promise<Overview> => get("", signal);

export const findContradictions = (signal: AbortSignal): Promise<readonly Contradiction[]> =>
  get("/contradictions", signal);

/** Those of one study, and of others that have its patient's identifier. */
export const findContradictionsAround = (study: string, signal: AbortSignal): Promise<readonly Contradiction[]> =>
  get(`/contradictions?${new URLSearchParams({ study })}`, signal);

export const findAside = (signal: AbortSignal): Promise<readonly AsideObject[]> => get("/aside", signal);

/** Those of which somebody has decided that another one is handed out. */
export const findDecided = (signal: AbortSignal): Promise<readonly AsideObject[]> => get("/aside?decided=true", signal);

/** Studies that somebody has said to be another person's. */
export const findPartings = (signal: AbortSignal): Promise<readonly OpenParting[]> => get("/partings", signal);

export const findMerges = (signal: AbortSignal): Promise<readonly OpenMerge[]> => get("/merges", signal);

/** What is done about one of them. */
export type Act =
  | { readonly act: "settle" | "part" | "reject" | "take" | "undo" | "join"; readonly id: number }
  /** The patient of a study is another study's; the contradiction that this settles, if any, is shown no more. */
  | { readonly act: "merge"; readonly merge: MergeStudies; readonly settles: number | null };

const PATHS = {
  settle: ["contradictions", "settle"],
  part: ["contradictions", "part"],
  reject: ["aside", "reject"],
  take: ["aside", "take"],
  undo: ["merges", "undo"],
  join: ["partings", "undo"],
} as const;

export async function carryOut(act: Act): Promise<void> {
  if (act.act !== "merge") {
    const [of, what] = PATHS[act.act];
    await answered(await fetch(`${ROOT}/${of}/${act.id}/${what}`, { method: "POST" }));
    return;
  }
  const headers = { "Content-Type": "application/json" };
  await answered(
    await fetch(`${ROOT}/merges`, { method: "POST", headers, body: JSON.stringify(act.merge satisfies MergeStudies) }),
  );
  if (act.settles !== null) {
    await carryOut({ act: "settle", id: act.settles });
  }
}

/** Where the bytes of an object are that was kept aside. */
export const bytesAside = ({ id }: AsideObject): string => `${ROOT}/aside/${id}`;

/** Whether there is anything to settle, or something settled that could be settled otherwise. */
export const isAnything = ({ contradictions, aside, decided, merges, partings }: Overview): boolean =>
  contradictions + aside + decided + merges + partings > 0;

/** How much there is to settle, and what was decided and merged, in a word or two. */
export function sumText({ contradictions, aside, decided, merges, partings }: Overview, { say }: Words): string {
  const nothingOpen = contradictions + aside === 0;
  const parts = [
    contradictions > 0 &&
      say(contradictions === 1 ? "doubts_contradiction" : "doubts_contradictions", { count: contradictions }),
    aside > 0 && say("doubts_aside", { count: aside }),
    nothingOpen && decided > 0 && say("doubts_decided", { count: decided }),
    nothingOpen && merges > 0 && say("doubts_merges", { count: merges }),
    nothingOpen && partings > 0 && say("doubts_partings", { count: partings }),
  ];
  return parts.filter(Boolean).join(" · ") || say("doubts_none");
}

export const shapeOf = ({ contradictions, aside }: Overview): Status => (contradictions + aside > 0 ? "warn" : "ok");

/** A value as the index has it, as one reads it: names without their signs, dates as days. */
function valueText(about: Contradiction["about"], value: string, { say }: Words): string {
  if (value === "") {
    return say("contradiction_empty");
  }
  switch (about) {
    case "name":
      return value.split("=").map(writtenName).filter(Boolean).join(" ");
    case "birth_date":
      return dayOf(value) ?? value;
    default:
      return value;
  }
}

/** What was said first and what came later, in one line, and which objects say it. */
export function contradictionText({ about, kept, other, of_study }: Contradiction, words: Words): string {
  return words.say(of_study ? "contradiction_of_study" : "contradiction_within", {
    about: words.say(`contradiction_${about}`),
    kept: valueText(about, kept, words),
    other: valueText(about, other, words),
  });
}

/**
 * What is disputed of a study that is open, the names first: what itself says otherwise, or what another study under the same identifier does. One line
 * of each kind is enough: the place where it is decided has all of them.
 */
export function disputesOf(around: readonly Contradiction[], study: string, words: Words): readonly string[] {
  const names = around.filter(({ about }) => about === "name");
  const byWeight = [...names, ...around.filter((one) => !names.includes(one))];
  const own = byWeight.find(({ study_uid }) => study_uid === study);
  const others = byWeight.find(({ study_uid }) => study_uid !== study);
  return [
    own && contradictionText(own, words),
    others &&
      words.say("disputed_elsewhere", {
        about: words.say(`contradiction_${others.about}`),
        kept: valueText(others.about, others.kept, words),
        other: valueText(others.about, others.other, words),
      }),
  ].filter((text) => text !== undefined);
}

/** What has the UID of an object that was kept aside. */
export function asideText({ study_uid, kept_study }: AsideObject, { say }: Words): string {
  if (kept_study === null) {
    return say("aside_unseen");
  }
  return say(kept_study === study_uid ? "aside_says" : "aside_other_study");
}

/** A patient by name and identifier. */
export function patientText(patient: OpenMerge["source"], { say, language }: Words): string {
  const attributes = patient as DataSet;
  const name = nameOf(attributes, "00100010", language) ?? say("study_without_name");
  return [name, textOf(attributes, "00100020")].filter(Boolean).join(" · ");
}

/** What the server calls whoever decides without an account, by hand at this machine (`AT_THIS_MACHINE` there). */
const AT_THIS_MACHINE = "this machine";

/** Who has decided something. */
export function whoText(who: string, { say }: Words): string {
  return who === AT_THIS_MACHINE ? say("this_machine") : who;
}

interface Named {
  readonly uid: string;
  readonly name: string | null;
  readonly id: string | null;
}

/**
 * Studies by which the patient of the study `own` can be said to be another: one for each patient, as far as name and identifier tell them apart.
 * Two sites may have each their own patient of one name and identifier, so all further studies under those come last.
 */
export function candidatesOf<T extends Named>(rows: readonly T[], own: string): readonly T[] {
  const keyOf = ({ name, id }: T): string => JSON.stringify([name, id]);
  const self = rows.find(({ uid }) => uid === own);
  const isAlike = (row: T): boolean => self !== undefined && keyOf(row) === keyOf(self);
  const byPatient = new Map<string, T>();
  for (const row of rows.filter((each) => !isAlike(each))) {
    if (!byPatient.has(keyOf(row))) {
      byPatient.set(keyOf(row), row);
    }
  }
  return [...byPatient.values(), ...rows.filter((row) => isAlike(row) && row.uid !== own)];
}
