/** Who is who, as the page asks it: contradictions about who was examined, objects that were kept aside, patients that are one, or two. */
import type { components } from "../api/schema";
import { momentText } from "../exam/format";
import type { Status } from "../parts/shapes";
import type { Words } from "../words/words";
import { answered, thumbnailOf } from "./client";
import type { DataSet } from "./dataSet";
import { nameOf, namesOf, textOf, writtenName } from "./dataSet";
import { dayOf } from "./dates";

type Schemas = components["schemas"];

const ROOT = "/api/identity";

export type Overview = Schemas["IdentityOverview"];
export type Contradiction = Schemas["Contradiction"];
export type AsideObject = Schemas["AsideObject"];
export type Differences = Schemas["AsideDifferences"];
/** What a person has said of who is who. */
export type WhoIsWho = Schemas["WhoIsWho"];
export type MergeStudies = Schemas["MergeStudies"];

export const NO_DOUBT: Overview = { contradictions: 0, aside: 0, decided: 0, merges: 0, partings: 0, doubtful: [] };

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

/** How an object that was kept aside differs from the one that has its UID. */
export const findDifferences = (id: number, signal: AbortSignal): Promise<Differences> =>
  get(`/aside/${id}/differences`, signal);

/** Studies that somebody has said to be another person's. */
export const findPartings = (signal: AbortSignal): Promise<readonly WhoIsWho[]> => get("/partings", signal);

export const findMerges = (signal: AbortSignal): Promise<readonly WhoIsWho[]> => get("/merges", signal);

/** What is done about one of them. */
export type Act =
  | { readonly act: "part" | "reject" | "take" | "undo" | "join"; readonly id: number }
  /** They are no contradictions. */
  | { readonly act: "settle"; readonly ids: readonly number[] }
  /** The patient of a study is another study's; the contradictions that this settles are shown no more. */
  | { readonly act: "merge"; readonly merge: MergeStudies; readonly settles: readonly number[] };

const PATHS = {
  part: ["contradictions", "part"],
  reject: ["aside", "reject"],
  take: ["aside", "take"],
  undo: ["merges", "undo"],
  join: ["partings", "undo"],
} as const;

const post = async (path: string): Promise<void> => {
  await answered(await fetch(`${ROOT}${path}`, { method: "POST" }));
};

export async function carryOut(act: Act): Promise<void> {
  if (act.act === "settle") {
    // One after the other: what fails leaves the rest open.
    for (const id of act.ids) {
      await post(`/contradictions/${id}/settle`);
    }
    return;
  }
  if (act.act !== "merge") {
    const [of, what] = PATHS[act.act];
    return post(`/${of}/${act.id}/${what}`);
  }
  const headers = { "Content-Type": "application/json" };
  await answered(
    await fetch(`${ROOT}/merges`, { method: "POST", headers, body: JSON.stringify(act.merge satisfies MergeStudies) }),
  );
  await carryOut({ act: "settle", ids: act.settles });
}

/** Where the bytes of an object are that was kept aside. */
export const bytesAside = ({ id }: AsideObject): string => `${ROOT}/aside/${id}`;

/** A small picture of such an object, and of the one that has its UID. */
export const thumbnailAside = ({ id }: AsideObject): string => `${ROOT}/aside/${id}/thumbnail?viewport=256,256`;

/** The address is another one when another object is handed out: what the browser has of the one before is not shown. */
export const thumbnailKept = ({ instance_uid, kept }: AsideObject, { kept: { study_uid, series_uid } }: Differences) =>
  `${thumbnailOf(study_uid, series_uid, instance_uid)}&of=${kept?.digest ?? ""}`;

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

/** What contradicts itself in one study. */
export interface ContradictedStudy {
  readonly study_uid: string;
  /** The names first. */
  readonly contradictions: readonly Contradiction[];
}

const namesFirst = (all: readonly Contradiction[]): readonly Contradiction[] => {
  const names = all.filter(({ about }) => about === "name");
  return [...names, ...all.filter((one) => !names.includes(one))];
};

/** Each study once, in the order of its oldest contradiction. */
export function byStudy(all: readonly Contradiction[]): readonly ContradictedStudy[] {
  return [...new Set(all.map(({ study_uid }) => study_uid))].map((study_uid) => ({
    study_uid,
    contradictions: namesFirst(all.filter((one) => one.study_uid === study_uid)),
  }));
}

/**
 * Which contradictions of a study are settled when a person says whose it is: what it says itself, and its identifiers; what a later object of it says
 * stays open for a decision of its own, unless that is all there is.
 */
export function explainedBy(contradictions: readonly Contradiction[]): readonly number[] {
  const explained = contradictions.filter(({ of_study, about }) => of_study || about === "patient_id");
  return (explained.length > 0 ? explained : contradictions).map(({ id }) => id);
}

/**
 * What is disputed of a study that is open, the names first: what itself says otherwise, or what another study under the same identifier does. One line
 * of each kind is enough: the place where it is decided has all of them.
 */
export function disputesOf(around: readonly Contradiction[], study: string, words: Words): readonly string[] {
  const byWeight = namesFirst(around);
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

/** Where an object came from, when, and how long it is. */
const cameText = ({ origin, at_ms, size }: Came, now: number, words: Words): string =>
  words.say("aside_from", { origin, when: momentText(at_ms, now, words), size: bytesText(size, words) });

type Came = Pick<AsideObject, "origin" | "at_ms" | "size">;

/** Two objects may differ in a byte: each is counted. */
export const bytesText = (count: number, { say }: Words): string =>
  say("bytes_count", { count: count.toLocaleString("en-US") });

/** Which of two objects lies aside and which is handed out, in two lines. */
export function asideTexts(one: AsideObject, now: number, words: Words): readonly [string, string] {
  const { say } = words;
  const { kept } = one;
  const aside = say("aside_this", { came: cameText(one, now, words) });
  if (kept === null) {
    return [aside, say("aside_unseen")];
  }
  const came = cameText(kept, now, words);
  return [aside, say(kept.study_uid === one.study_uid ? "aside_kept" : "aside_kept_elsewhere", { came })];
}

/** Two patients who are one, or not, by name and identifier; where those read alike, by all that is known of both. */
export function patientTexts({ source, target }: Pick<WhoIsWho, "source" | "target">, words: Words) {
  const { say, language } = words;
  const [one, other] = [source as DataSet, target as DataSet];
  const id = (patient: DataSet) => textOf(patient, "00100020");
  const by = (ways: readonly ((patient: DataSet) => string | null)[]) => {
    const text = (patient: DataSet): string =>
      ways
        .map((way) => way(patient))
        .filter(Boolean)
        .join(" · ");
    return { source: text(one), target: text(other) };
  };
  // In the one writing names read alike that the other one tells apart.
  const name = (patient: DataSet) => nameOf(patient, "00100010", language) ?? say("study_without_name");
  const wholeName = (patient: DataSet) => namesOf(patient, "00100010").join(" ") || say("study_without_name");
  const born = (patient: DataSet) => dayOf(textOf(patient, "00100030"));
  const sex = (patient: DataSet) => textOf(patient, "00100040");
  const issuer = (patient: DataSet) => textOf(patient, "00100021");
  const all = [
    [name, id],
    [wholeName, id],
    [wholeName, id, born, sex, issuer],
  ].map(by);
  return all.find((texts) => texts.source !== texts.target) ?? by([name, id]);
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
