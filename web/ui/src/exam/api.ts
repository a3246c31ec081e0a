/**
 * The routes of an examination and what they carry. The types are those of `peony_model::report` and
 * `peony_examination::Act`, written by hand until they are generated beside the live ones.
 */
import type { Word } from "./lexicon";

export type Side = "right" | "left";
export type BiRads = "0" | "1" | "2" | "3" | "4" | "4A" | "4B" | "4C" | "5" | "6";
export type Advice = "routine" | "short_follow_up" | "mammography" | "core_biopsy" | "other";
export type Role = "examiner" | "reviewer";
export type PlaneReason = "largest" | "across" | "features" | "suspicious" | "kept";

export interface Said<T> {
  /** `null` where the person says that it was not assessed. */
  readonly value: T | null;
  readonly by: string;
  readonly at_ms: number;
}

/** What the machine proposed, and what a person said of it. */
export interface Field<T> {
  readonly proposed: T | null;
  readonly said: Said<T> | null;
}

export interface Patient {
  readonly id: string;
  readonly name: string;
  /** `F`, `M`, `O`, or empty. */
  readonly sex: string;
  /** `YYYY-MM-DD`, or empty. */
  readonly birth_date: string;
}

export interface Circumstances {
  readonly institution: string;
  readonly number: string;
  readonly indication: string;
  readonly history: string;
  readonly device: string;
  readonly comparison: string;
}

export interface Place {
  readonly side: Side;
  /** `10:30`; `null` where only the side is known. */
  readonly clock: string | null;
  readonly from_nipple_mm: number | null;
}

export interface ThirdAxis {
  readonly extent: number;
  /** `null` where a person measured it. */
  readonly error: number | null;
  readonly simulated: boolean;
}

export interface Size {
  readonly long: number;
  readonly short: number;
  readonly third: ThirdAxis | null;
  readonly unit: "mm" | "{pixels}";
}

export interface Plane {
  readonly id: number;
  readonly lesion: number | null;
  readonly reason: PlaneReason;
  readonly picture_px: readonly [number, number];
  readonly contour_px: readonly (readonly [number, number])[];
  /** The part of the lesion that the network finds most malignant, whether or not that is much. */
  readonly focus_px?: readonly [number, number, number, number];
  /** Probability of malignancy on this plane alone. */
  readonly malignancy?: number;
  readonly size: Size | null;
  readonly time_ms: number;
}

export interface Chance {
  readonly estimate: number;
  readonly interval: readonly [number, number] | null;
}

/** What a lesion was in an earlier examination. */
export interface Before {
  readonly examination: string;
  /** Its number there; `null`: it is new. */
  readonly lesion: number | null;
}

export interface EarlierLesion {
  readonly lesion: number;
  readonly letter: string;
  readonly place: Place | null;
  readonly depth_mm: number | null;
  readonly size: Size | null;
  readonly words: readonly Word[];
  readonly category: BiRads | null;
}

/** What a comparison needs of an earlier examination. */
export interface Earlier {
  readonly examination: string;
  readonly began_ms: number;
  readonly patient: Patient;
  readonly number: string;
  readonly examined: readonly Side[];
  readonly lesions: readonly EarlierLesion[];
}

/** How the longest diameter changed. */
export type Change =
  | {
      readonly kind: "measured";
      /** Then and now. */
      readonly long_mm: readonly [number, number];
      readonly difference_mm: number;
      /** The difference as a share of then. */
      readonly ratio: number;
      readonly trend: "larger" | "smaller" | "same";
      /** Category 3 then, and a fifth larger or more since. */
      readonly alarm: boolean;
      /** Negative: the volume halves. */
      readonly doubling_days: number | null;
    }
  | { readonly kind: "not_comparable"; readonly reason: "no_size" | "no_scale" };

/** An earlier lesion of the same breast. */
export interface Candidate {
  readonly lesion: number;
  readonly change: Change;
}

/** The earlier examination that a report is held against. */
export interface Comparison {
  readonly earlier: Earlier;
  readonly days: number;
  /** Identifier alike, and name, sex or birth date not. */
  readonly conflict: boolean;
  readonly same_patient: Said<boolean> | null;
  readonly not_seen: readonly { readonly lesion: number; readonly looked_again: Said<boolean> | null }[];
}

/** Which key planes weighed most in a grade. */
export interface Grounds {
  /** How many planes the grade was made on. */
  readonly planes: number;
  readonly marked: readonly { readonly plane: number; readonly share: number }[];
  /** How many of the planes that were graded the marked ones show: two of one place count once. */
  readonly shown: number;
  /** The share of those in the grade. */
  readonly share: number;
}

export interface LesionReport {
  readonly lesion: number;
  readonly letter: string;
  readonly dismissed: boolean;
  /** Lesions that a person said are this one. */
  readonly joined: readonly { readonly lesion: number; readonly letter: string }[];
  readonly place: Field<Place>;
  readonly depth_mm: Field<number>;
  readonly size: Field<Size>;
  readonly before: Field<Before>;
  readonly candidates: readonly Candidate[];
  readonly shape: Field<Word>;
  readonly orientation: Field<Word>;
  readonly margin: Field<readonly Word[]>;
  readonly echo: Field<Word>;
  readonly posterior: Field<Word>;
  readonly calcification: Field<readonly Word[]>;
  readonly boundary: Field<Word>;
  readonly malignancy: Chance | null;
  readonly grounds?: Grounds;
  readonly category: Field<BiRads>;
  readonly downgrade_reason: string;
  readonly advice: Field<Advice>;
  readonly volume_cm3: readonly [number, number] | null;
  readonly sightings: number;
  readonly planes: readonly Plane[];
}

export interface BreastReport {
  readonly side: Side;
  readonly scanned_s: number;
  readonly coverage: number | null;
  readonly examined: Field<boolean>;
  readonly category: BiRads | null;
}

export interface Signature {
  readonly version: number;
  readonly name: string;
  readonly role: string;
  readonly licence: string;
  readonly at_ms: number;
  readonly sha256: string;
}

export interface Addendum {
  readonly version: number;
  readonly text: string;
  readonly by: string;
  readonly at_ms: number;
}

export interface MachineRecord {
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly engine: string;
}

export interface Report {
  readonly examination: string;
  readonly lexicon_edition: string;
  readonly patient: Patient;
  readonly circumstances: Circumstances;
  readonly began_ms: number;
  readonly comparison: Comparison | null;
  readonly simulated: boolean;
  readonly breasts: readonly BreastReport[];
  readonly lesions: readonly LesionReport[];
  readonly planes: readonly Plane[];
  /** Seconds of readable picture while nobody had said which breast it was. */
  readonly unsided_s: number;
  readonly scale_source: string | null;
  readonly quality: readonly { readonly code: string; readonly times: number; readonly seconds: number }[];
  readonly machine: MachineRecord | null;
  readonly overall: BiRads | null;
  readonly signatures: readonly Signature[];
  readonly addenda: readonly Addendum[];
}

export const FIELD_NAMES = [
  "place",
  "depth_mm",
  "size",
  "before",
  "shape",
  "orientation",
  "margin",
  "echo",
  "posterior",
  "calcification",
  "boundary",
  "category",
  "advice",
] as const;
/** The fields of a lesion that a person can say, in the order in which the form has them. */
export type FieldName = (typeof FIELD_NAMES)[number];

export type FieldWord =
  | { readonly field: "place"; readonly value: Place | null }
  | { readonly field: "depth_mm"; readonly value: number | null }
  | { readonly field: "size"; readonly value: Size | null }
  | { readonly field: "before"; readonly value: Before | null }
  | { readonly field: "shape" | "orientation" | "echo" | "posterior" | "boundary"; readonly value: Word | null }
  | { readonly field: "margin" | "calcification"; readonly value: readonly Word[] | null }
  | { readonly field: "category"; readonly value: BiRads | null }
  | { readonly field: "advice"; readonly value: Advice | null }
  | { readonly field: "downgrade_reason"; readonly value: string };

/** Something that a person does. */
export type Act =
  | { readonly act: "set_patient"; readonly patient: Patient }
  | { readonly act: "set_circumstances"; readonly circumstances: Circumstances }
  | { readonly act: "set_probe"; readonly place: Place }
  | { readonly act: "say"; readonly lesion: number; readonly word: FieldWord }
  | { readonly act: "confirm"; readonly lesion: number; readonly fields: readonly FieldName[] }
  | { readonly act: "set_examined"; readonly side: Side; readonly examined: boolean }
  | { readonly act: "set_same_patient"; readonly examination: string; readonly same: boolean }
  | {
      readonly act: "set_looked_again";
      readonly examination: string;
      readonly lesion: number;
      readonly looked: boolean;
    }
  | { readonly act: "join"; readonly lesion: number; readonly into: number }
  | { readonly act: "dismiss" | "restore" | "part"; readonly lesion: number }
  | { readonly act: "release_plane" | "restore_plane"; readonly plane: number }
  | { readonly act: "sign"; readonly name: string; readonly role: Role; readonly licence: string }
  | { readonly act: "add"; readonly text: string };

/** The same words in both languages. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

export interface Paragraph {
  readonly lesion: number | null;
  readonly runs: readonly { readonly text: string; readonly proposed: boolean }[];
}

export interface Section {
  readonly key: string;
  readonly heading: string;
  readonly paragraphs: readonly Paragraph[];
}

export interface Narrative {
  readonly sections: readonly Section[];
}

/** What stands in the way of signing. */
export interface Obstacle {
  readonly code: string;
  readonly lesion: number | null;
  readonly field: FieldName | null;
  readonly words: Bilingual;
}

export interface ReportView {
  readonly report: Report;
  readonly narrative: { readonly en: Narrative; readonly zh: Narrative };
  readonly open: readonly { readonly lesion: number; readonly field: FieldName }[];
  readonly obstacles: readonly Obstacle[];
  readonly signable: boolean;
  /** How many entries the history has. */
  readonly history: number;
  readonly saved: boolean;
  /** Why it is not. */
  readonly not_saved_why?: string | null;
  /** How many acts this person can take back; absent where the program does not say. */
  readonly undo?: number;
  /** Grows with everything that happens to the examination. */
  readonly seq: number;
}

export interface HistoryEntry {
  readonly seq: number;
  readonly at_ms: number;
  /** `null`: the machine. */
  readonly by: string | null;
  readonly what: Bilingual;
}

export interface ExamSummary {
  readonly id: string;
  readonly began_ms: number;
  readonly status: "open" | "signed" | "unreadable";
  readonly patient: Patient;
  readonly number: string;
  readonly lesions: number;
  readonly category: BiRads | null;
  readonly live: boolean;
  /** Nobody was examined: its frames are the virtual transducer's. */
  readonly simulated: boolean;
  /** Why it cannot be read, where it cannot. */
  readonly fault: string | null;
}

export interface NewExam {
  readonly patient: Patient;
  readonly circumstances: Circumstances;
  /** `phantom`, `capture` (this browser's), or the address of a picture source. */
  readonly source?: string;
}

/** What came back: an answer, a refusal, no such route, or no program at all. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly error: string; readonly code: string | null }
  | { readonly kind: "missing" }
  | { readonly kind: "away" };

/** A program that takes a request and says nothing for this long is not there, ms. */
const ANSWER_LIMIT_MS = 10_000;

async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const answer = await fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    if (answer.ok) {
      return { kind: "ok", value: (await answer.json()) as T };
    }
    if (answer.status === 404 || answer.status === 405) {
      return { kind: "missing" };
    }
    const { error, code } = (await answer.json().catch(() => ({}))) as { error?: string; code?: string };
    if (answer.status >= 500 && code === undefined) {
      return { kind: "away" };
    }
    // What the program could not save may be saved yet: a person says it again, the page does not.
    return { kind: "refused", error: error ?? `HTTP ${answer.status}`, code: code ?? null };
  } catch {
    return { kind: "away" };
  }
}

function post<T>(path: string, by: string, body?: unknown): Promise<Answer<T>> {
  return ask<T>(path, {
    method: "POST",
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(by ? { "X-Peony-By": encodeURIComponent(by) } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const of = (exam: string): string => `/api/exams/${encodeURIComponent(exam)}`;

export const listExams = (): Promise<Answer<readonly ExamSummary[]>> => ask("/api/exams");
export const createExam = (exam: NewExam, by: string): Promise<Answer<{ readonly id: string }>> =>
  post("/api/exams", by, exam);
export const readReport = (exam: string): Promise<Answer<ReportView>> => ask(`${of(exam)}/report`);
export const readHistory = (exam: string): Promise<Answer<readonly HistoryEntry[]>> => ask(`${of(exam)}/history`);
export const sendAct = (exam: string, act: Act, by: string): Promise<Answer<ReportView>> =>
  post(`${of(exam)}/acts`, by, act);
export const sendUndo = (exam: string, by: string): Promise<Answer<ReportView>> => post(`${of(exam)}/undo`, by);
export const pdfAddress = (exam: string, language: "en" | "zh"): string => `${of(exam)}/report.pdf?lang=${language}`;
export const planeAddress = (exam: string, plane: number): string => `${of(exam)}/planes/${plane}.png`;
