/** How two objects under one UID differ, as one reads it. */
import { momentText } from "../exam/format";
import type { WordKey, Words } from "../words/words";
import { writtenName } from "./dataSet";
import { dayOf } from "./dates";
import { bytesText, type Differences } from "./identity";

type Attribute = Differences["attributes"][number];
type Value = Attribute["kept"];
type Place = Attribute["place"];

/** A line of what differs. */
export interface Difference {
  readonly name: string;
  readonly kept: string;
  readonly aside: string;
}

/** Those that this page has words for; of the others stands the name that the standard gives them. */
const WORDS: Readonly<Record<string, WordKey>> = {
  PatientName: "contradiction_name",
  PatientBirthDate: "contradiction_birth_date",
  PatientSex: "contradiction_sex",
  PatientID: "contradiction_patient_id",
};

/** By the names of PS3.5 and PS3.6, which are the same in both languages. */
const SYNTAXES: Readonly<Record<string, string>> = {
  "1.2.840.10008.1.2": "Implicit VR Little Endian",
  "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
  "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
  "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
  "1.2.840.10008.1.2.4.50": "JPEG Baseline",
  "1.2.840.10008.1.2.4.51": "JPEG Extended",
  "1.2.840.10008.1.2.4.57": "JPEG Lossless",
  "1.2.840.10008.1.2.4.70": "JPEG Lossless SV1",
  "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
  "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
  "1.2.840.10008.1.2.4.90": "JPEG 2000 Lossless",
  "1.2.840.10008.1.2.4.91": "JPEG 2000",
  "1.2.840.10008.1.2.5": "RLE Lossless",
};

const SERIES = "0020000E";

/** `ScheduledProcedureStepID` as words. */
export const spoken = (keyword: string): string =>
  keyword.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z]{2,})/g, "$1 $2");

function nameOf({ tag, keyword, item }: Place[number], { say }: Words): string {
  const own = keyword === null ? undefined : WORDS[keyword];
  const name = own ? say(own) : keyword === null ? `(${tag.slice(0, 4)},${tag.slice(4)})` : spoken(keyword);
  return item > 0 ? `${name} ${item}` : name;
}

function valueText(value: Value, place: Place, words: Words): string {
  const { say } = words;
  switch (value.kind) {
    case "absent":
      return say("difference_absent");
    case "bytes":
      return bytesText(value.count, words);
    case "items":
      return say("items_count", { count: value.count });
    case "text": {
      const keyword = place.at(-1)?.keyword ?? "";
      const written =
        keyword === "PatientName"
          ? value.text.split("=").map(writtenName).filter(Boolean).join(" ")
          : keyword.endsWith("Date")
            ? (dayOf(value.text) ?? value.text)
            : value.text;
      return written || say("difference_empty");
    }
  }
}

/** What differs, line by line: how the objects came first, then what they say. */
export function linesOf({ kept, aside, attributes }: Differences, now: number, words: Words): readonly Difference[] {
  const { say } = words;
  const both = (name: string, of: (one: Differences["kept"]) => string): Difference => ({
    name,
    kept: of(kept),
    aside: of(aside),
  });
  const came = [
    both(say("difference_came"), ({ origin, at_ms }) =>
      say("difference_from", { origin, when: momentText(at_ms, now, words) }),
    ),
    both(say("difference_size"), ({ size }) => bytesText(size, words)),
  ];
  const written = [
    both(say("difference_syntax"), ({ transfer_syntax_uid: uid }) => SYNTAXES[uid] ?? uid),
    both(say("difference_series"), ({ series_uid }) => series_uid),
  ];
  const said = attributes
    // The series has a line of its own.
    .filter(({ place }) => place.length > 1 || place[0]?.tag !== SERIES)
    .map(({ place, kept: keeps, aside: lies }) => ({
      name: place.map((one) => nameOf(one, words)).join(" › "),
      kept: valueText(keeps, place, words),
      aside: valueText(lies, place, words),
    }));
  return [...came, ...written.filter((line) => line.kept !== line.aside), ...said];
}

const PIXELS = {
  none: "pixels_none",
  same: "pixels_same",
  other: "pixels_other",
  unknown: "pixels_unknown",
} as const satisfies Readonly<Record<Differences["pixels"], WordKey>>;

/** What is known of the pixels, whether anything else differs, and what was not compared. */
export function sumOf({ pixels, attributes, more, whole }: Differences, { say }: Words): readonly string[] {
  return [
    say(PIXELS[pixels]),
    attributes.length === 0 ? say("difference_none") : null,
    more > 0 ? say("difference_more", { count: more }) : null,
    whole ? null : say("difference_part"),
  ].filter((text) => text !== null);
}
