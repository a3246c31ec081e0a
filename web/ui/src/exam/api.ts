/**
 * The routes of an examination and what they carry: short names for the generated types. What the description of the API cannot
 * say is said here: what kind of value a field has, and how long an array is.
 */
import { sessionEnded } from "../access/session";
import type { components } from "../api/schema";
import type { Word } from "./lexicon";

type Schemas = components["schemas"];
/** The generated type with some of its parts told more exactly. A part that the program no longer has is an error. */
type Exactly<T, Parts extends { readonly [K in keyof Parts]: K extends keyof T ? unknown : never }> = Omit<
  T,
  keyof Parts
> &
  Parts;
type Pair = readonly [number, number];

export type Act = Schemas["Act"];
export type Addendum = Schemas["Addendum"];
export type Advice = Schemas["Advice"];
/** The lymph nodes of an armpit: without a node none was abnormal. */
export type Axilla = Schemas["Axilla"];
export type Before = Schemas["Before"];
export type BiRads = Schemas["BiRads"];
/** A person's word on a field of a breast. */
export type BreastWord = Schemas["BreastWord"];
export type CalibrationAct = Schemas["CalibrationAct"];
/** Where calibrating a probe stands. */
export type CalibrationView = Schemas["CalibrationView"];
export type Circumstances = Schemas["Circumstances"];
export type ExamSummary = Schemas["ExamRow"];
/** The fields of a lesion that a person can say. */
export type FieldName = Schemas["FieldName"];
export type FieldWord = Schemas["FieldWord"];
/** Which key planes weighed most in a grade. */
export type Grounds = Schemas["Grounds"];
/** From what to what an entry changed a value. */
export type HistoryChange = Schemas["ChangeRow"];
/** An entry of the history; `by` is `null` for the machine. */
export type HistoryEntry = Schemas["HistoryRow"];
export type Hilum = Schemas["Hilum"];
export type KnownCalibration = Schemas["KnownCalibration"];
export type LymphNode = Schemas["LymphNode"];
export type MachineRecord = Schemas["MachineRecord"];
export type Narrative = Schemas["Narrative"];
export type NewExam = Schemas["NewExam"];
/** What stands in the way of signing. */
export type Obstacle = Schemas["ObstacleView"];
export type Paragraph = Schemas["Paragraph"];
export type Patient = Schemas["Patient"];
export type Place = Schemas["Place"];
export type PlaneReason = Schemas["PlaneReason"];
export type Role = Schemas["Role"];
export type Section = Schemas["Section"];
export type Side = Schemas["Side"];
export type Signature = Schemas["Signature"];
export type Size = Schemas["LesionSize"];
/** A sweep between two marks of known distance. */
export type SweepView = Schemas["SweepView"];
export type ThirdAxis = Schemas["ThirdAxis"];

/** A person's word. */
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

export type Plane = Exactly<
  Schemas["Plane"],
  {
    readonly picture_px: Pair;
    readonly contour_px: readonly Pair[];
    readonly focus_px?: readonly [number, number, number, number] | null;
  }
>;
export type Chance = Exactly<Schemas["Chance"], { readonly interval: Pair | null }>;

type Measured = Extract<Schemas["Change"], { readonly kind: "measured" }>;
/** How the longest diameter changed. */
export type Change = Exactly<Measured, { readonly long_mm: Pair }> | Exclude<Schemas["Change"], Measured>;
/** An earlier lesion of the same breast. */
export type Candidate = Exactly<Schemas["Candidate"], { readonly change: Change }>;

export type EarlierLesion = Exactly<Schemas["EarlierLesion"], { readonly words: readonly Word[] }>;
/** What a comparison needs of an earlier examination. */
export type Earlier = Exactly<Schemas["Earlier"], { readonly lesions: readonly EarlierLesion[] }>;
type NotSeen = Exactly<Schemas["NotSeen"], { readonly looked_again: Said<boolean> | null }>;
/** The earlier examination that a report is held against. */
export type Comparison = Exactly<
  Schemas["Comparison"],
  { readonly earlier: Earlier; readonly same_patient: Said<boolean> | null; readonly not_seen: readonly NotSeen[] }
>;

export type LesionReport = Exactly<
  Schemas["LesionReport"],
  {
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
    readonly associated?: Field<readonly Word[]>;
    readonly vascularity?: Field<readonly Word[]>;
    readonly elasticity?: Field<Word>;
    readonly malignancy: Chance | null;
    readonly category: Field<BiRads>;
    readonly advice: Field<Advice>;
    readonly volume_cm3: Pair | null;
    readonly planes: readonly Plane[];
  }
>;
export type BreastReport = Exactly<
  Schemas["BreastReport"],
  { readonly examined: Field<boolean>; readonly tissue?: Field<Word>; readonly axilla?: Field<Axilla> }
>;
export type Report = Exactly<
  Schemas["Report"],
  {
    readonly comparison: Comparison | null;
    readonly breasts: readonly BreastReport[];
    readonly lesions: readonly LesionReport[];
    readonly planes: readonly Plane[];
  }
>;
export type ReportView = Exactly<Schemas["ReportView"], { readonly report: Report }>;

/** In the order in which the form has them. */
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
  "associated",
  "vascularity",
  "elasticity",
  "category",
  "advice",
] as const satisfies readonly FieldName[];

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
    if (answer.status === 401) {
      sessionEnded();
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

function post<T>(path: string, by: string, body?: unknown, act?: string): Promise<Answer<T>> {
  return ask<T>(path, {
    method: "POST",
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(by ? { "X-Peony-By": encodeURIComponent(by) } : {}),
      ...(act ? { "X-Peony-Act": act } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const of = (exam: string): string => `/api/exams/${encodeURIComponent(exam)}`;

/** The source with which the program was started: what a new examination has where its page names none. */
export type UsualSource = Schemas["UsualSource"];

/** `null` where the program does not say it. */
export async function usualSource(): Promise<UsualSource | null> {
  const answer = await ask<Schemas["Health"]>("/api/health");
  return answer.kind === "ok" ? answer.value.usual_source : null;
}

/** Of those that hold every word of `find`, so many: live ones first, then open ones, then the newest. */
export const listExams = (limit: number, find = ""): Promise<Answer<readonly ExamSummary[]>> =>
  ask(`/api/exams?${new URLSearchParams({ limit: String(limit), find })}`);
export const createExam = (exam: NewExam, by: string): Promise<Answer<{ readonly id: string }>> =>
  post("/api/exams", by, exam);
export const readReport = (exam: string): Promise<Answer<ReportView>> => ask(`${of(exam)}/report`);
export const readHistory = (exam: string): Promise<Answer<readonly HistoryEntry[]>> => ask(`${of(exam)}/history`);
/** `id` is what this page calls the act: it is done once, however often it is sent. */
export const sendAct = (exam: string, act: Act, by: string, id: string): Promise<Answer<ReportView>> =>
  post(`${of(exam)}/acts`, by, act, id);
/** Only one in which nothing is, and by whoever began it. */
export const discardExam = (exam: string, by: string): Promise<Answer<{ readonly id: string }>> =>
  post(`${of(exam)}/discard`, by);
export const sendUndo = (exam: string, by: string, id: string): Promise<Answer<ReportView>> =>
  post(`${of(exam)}/undo`, by, undefined, id);
export const readCalibration = (exam: string): Promise<Answer<CalibrationView>> => ask(`${of(exam)}/calibration`);
export const calibrate = (exam: string, act: CalibrationAct, by: string): Promise<Answer<CalibrationView>> =>
  post(`${of(exam)}/calibration`, by, act);
/** The calibrated probes, and which one the next examination from a source is made with; an empty name is the usual source. */
export const readProbes = (source: string): Promise<Answer<readonly KnownCalibration[]>> =>
  ask(`/api/calibrations?source=${encodeURIComponent(source)}`);
export const chooseProbe = (next: Schemas["NextProbe"], by: string): Promise<Answer<readonly KnownCalibration[]>> =>
  post("/api/calibrations", by, next);
export const pdfAddress = (exam: string, language: "en" | "zh"): string => `${of(exam)}/report.pdf?lang=${language}`;
export const planeAddress = (exam: string, plane: number): string => `${of(exam)}/planes/${plane}.png`;
