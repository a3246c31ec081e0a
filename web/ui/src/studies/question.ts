/** What the list asks by QIDO-RS (PS3.18 §8.3.4), and how its answers become one list. */
import type { DataSet } from "./dataSet";
import { textOf } from "./dataSet";
import { type Day, dateRange, dayOf, type Period } from "./dates";

/** Studies of one page. */
export const PAGE = 100;
/** So many answers to a written search are put in order here: the node answers those by name in the order of names. */
export const MOST_FOUND = 500;

export interface Search {
  /** Beginnings of the patient's names, of an identifier or of an accession number. */
  readonly text: string;
  /** `""`: any. */
  readonly modality: string;
  readonly period: Period;
  /** Of the period `own`; `""`: open. */
  readonly from: Day | "";
  readonly to: Day | "";
}

export const NO_SEARCH: Search = { text: "", modality: "", period: "any", from: "", to: "" };

/** The written text without what would be a list or a wildcard of DICOM. */
export const plainText = (text: string): string =>
  text
    .replace(/[\\*?,^]+/g, " ")
    .trim()
    .replace(/\s+/g, " ");

/**
 * The queries of a page. Without a text it is one, which the node answers newest first and page by page. A text may be a name, an identifier or
 * an accession number, and keys are matched all together (PS3.4 §C.2.2.2), so there it is one query for each.
 */
export function questionsOf(search: Search, page: number, today: Day): readonly string[] {
  const shared = new URLSearchParams();
  const range = dateRange(search.period, search.from, search.to, today);
  if (range !== null) {
    shared.set("StudyDate", range);
  }
  if (search.modality !== "") {
    shared.set("ModalitiesInStudy", search.modality);
  }
  const text = plainText(search.text);
  if (text === "") {
    shared.set("limit", String(PAGE));
    shared.set("offset", String(page * PAGE));
    return [shared.toString()];
  }
  shared.set("limit", String(MOST_FOUND));
  const asked = (name: string, value: string, more: Readonly<Record<string, string>> = {}): string => {
    const query = new URLSearchParams({ [name]: value, ...more });
    for (const [key, each] of shared) {
      query.set(key, each);
    }
    return query.toString();
  };
  return [
    asked("PatientName", text, { fuzzymatching: "true" }),
    asked("PatientID", `${text}*`),
    asked("AccessionNumber", `${text}*`),
  ];
}

const STUDY_UID = "0020000D";
const whenOf = (study: DataSet): string =>
  `${dayOf(textOf(study, "00080020")) ?? ""} ${textOf(study, "00080030") ?? ""}`;

/** Every study once, the newest first; those without a date come last. */
export function together(answers: readonly (readonly DataSet[])[]): readonly DataSet[] {
  const byUid = new Map(answers.flat().map((study) => [textOf(study, STUDY_UID) ?? "", study]));
  return [...byUid.values()].sort((a, b) => {
    const [one, other] = [whenOf(a), whenOf(b)];
    return one === other ? 0 : one < other ? 1 : -1;
  });
}
