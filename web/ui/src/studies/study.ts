/** A study as a row of the list and as a tree of series and instances. */

import { dateText, sexAndAge } from "../exam/format";
import type { Words } from "../words/words";
import type { Place } from "./client";
import { type DataSet, nameOf, numberOf, textOf, textsOf } from "./dataSet";
import { dayOf, noonOf, timeOf } from "./dates";

export interface StudyRow {
  readonly uid: string;
  readonly name: string | null;
  readonly id: string | null;
  /** `F 47`, the age at the study. */
  readonly person: string;
  /** As written for the language; a date that is none stands as it is. */
  readonly date: string | null;
  readonly time: string | null;
  readonly modalities: readonly string[];
  readonly description: string | null;
  readonly accession: string | null;
  readonly series: number;
  readonly instances: number;
}

export function rowOf(study: DataSet, words: Words): StudyRow {
  const written = textOf(study, "00080020");
  const day = dayOf(written);
  const born = dayOf(textOf(study, "00100030"));
  const patient = { id: "", name: "", sex: textOf(study, "00100040") ?? "", birth_date: (day && born) ?? "" };
  return {
    uid: textOf(study, "0020000D") ?? "",
    name: nameOf(study, "00100010", words.language),
    id: textOf(study, "00100020"),
    person: sexAndAge(patient, day === null ? 0 : noonOf(day), words),
    date: day === null ? written : dateText(noonOf(day), words),
    time: timeOf(textOf(study, "00080030")),
    modalities: textsOf(study, "00080061"),
    description: textOf(study, "00081030"),
    accession: textOf(study, "00080050"),
    series: numberOf(study, "00201206") ?? 0,
    instances: numberOf(study, "00201208") ?? 0,
  };
}

export interface InstanceTile extends Place {
  readonly number: number | null;
  readonly frames: number;
  /** Pictures have rows; reports and the like have none. */
  readonly isPicture: boolean;
  readonly modality: string | null;
}

export interface SeriesStrip {
  readonly uid: string;
  readonly number: number | null;
  readonly modality: string | null;
  readonly description: string | null;
  readonly instances: readonly InstanceTile[];
}

const byNumber = (a: { readonly number: number | null }, b: { readonly number: number | null }): number =>
  (a.number ?? Number.MAX_SAFE_INTEGER) - (b.number ?? Number.MAX_SAFE_INTEGER);

/** The series of a study in the order of their numbers, and in each its instances. */
export function stripsOf(study: string, instances: readonly DataSet[]): readonly SeriesStrip[] {
  const strips = new Map<string, { series: DataSet; tiles: InstanceTile[] }>();
  for (const each of instances) {
    const series = textOf(each, "0020000E") ?? "";
    const strip = strips.get(series) ?? { series: each, tiles: [] };
    strips.set(series, strip);
    strip.tiles.push({
      study,
      series,
      instance: textOf(each, "00080018") ?? "",
      number: numberOf(each, "00200013"),
      frames: numberOf(each, "00280008") ?? 1,
      isPicture: numberOf(each, "00280010") !== null,
      modality: textOf(each, "00080060"),
    });
  }
  return [...strips]
    .map(([uid, { series, tiles }]) => ({
      uid,
      number: numberOf(series, "00200011"),
      modality: textOf(series, "00080060"),
      description: textOf(series, "0008103E"),
      instances: tiles.sort(byNumber),
    }))
    .sort(byNumber);
}

/** Keys that do something. */
export type PageKey = "image" | "play" | "frames" | "measure";

/** What the keys do while one of so many objects is shown: without a picture there is nothing to play or to measure. */
export function keysOf(shown: InstanceTile | undefined, count: number): readonly PageKey[] {
  const moves = shown?.isPicture === true && shown.frames > 1;
  return [
    ...(count > 1 ? ["image" as const] : []),
    ...(moves ? ["play" as const, "frames" as const] : []),
    ...(shown?.isPicture ? ["measure" as const] : []),
  ];
}
