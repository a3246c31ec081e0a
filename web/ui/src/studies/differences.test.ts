import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import { linesOf, spoken, sumOf } from "./differences";
import type { Differences } from "./identity";

const [en, zh] = [wordsIn("en"), wordsIn("zh")];

const one = {
  study_uid: "1.2",
  series_uid: "1.2.1",
  class_uid: "1.2.840.10008.5.1.4.1.1.3.1",
  transfer_syntax_uid: "1.2.840.10008.1.2.1",
  frames: 1,
  size: 1000,
  origin: "PROBE",
  at_ms: 0,
};
const differing = (more: Partial<Differences>): Differences => ({
  kept: one,
  aside: { ...one, origin: "OTHER", size: 1234 },
  pixels: "same",
  attributes: [],
  more: 0,
  whole: true,
  ...more,
});
const place = (tag: string, keyword: string | null, item = 0) => ({ tag, keyword, item });
const text = (written: string) => ({ kind: "text", text: written }) as const;

describe("how two objects came", () => {
  it("is told first, and how they are written where that differs", () => {
    const aside = { ...one, series_uid: "1.2.9", transfer_syntax_uid: "1.2.840.10008.1.2.4.50" };
    const lines = linesOf(differing({ aside }), 0, en);
    expect(lines.map(({ name }) => name)).toEqual(["Came", "Size", "Transfer syntax", "Series"]);
    expect(lines.map(({ aside: lies }) => lies).slice(1)).toEqual(["1,000 B", "JPEG Baseline", "1.2.9"]);
    expect(lines[0]?.kept).toMatch(/^from PROBE, /);
    expect(linesOf(differing({}), 0, zh).map(({ name, aside: lies }) => [name, lies])[1]).toEqual([
      "大小",
      "1,234 字节",
    ]);
  });
});

describe("what two objects say", () => {
  const attributes: Differences["attributes"] = [
    { place: [place("00100010", "PatientName")], kept: text("Wang^Fang=王^芳"), aside: text("Li^Na") },
    { place: [place("00100030", "PatientBirthDate")], kept: text("19700101"), aside: text("") },
    { place: [place("00081030", "StudyDescription")], kept: { kind: "absent" }, aside: text("Breast") },
    { place: [place("0020000E", "SeriesInstanceUID")], kept: text("1.2.1"), aside: text("1.2.9") },
    {
      place: [place("00400275", "RequestAttributesSequence", 2), place("00400009", "ScheduledProcedureStepID")],
      kept: text("1"),
      aside: text("2"),
    },
    {
      place: [place("00400275", "RequestAttributesSequence")],
      kept: { kind: "items", count: 1 },
      aside: { kind: "absent" },
    },
    { place: [place("00291010", null)], kept: { kind: "bytes", count: 70000 }, aside: { kind: "bytes", count: 1 } },
  ];
  const said = (words: typeof en) =>
    linesOf(differing({ attributes }), 0, words)
      .slice(2)
      .map(({ name, kept, aside }) => [name, kept, aside]);
  it("is told by the names of the standard, and by words where the page has them", () => {
    expect(said(en)).toEqual([
      ["Name", "Wang Fang 王芳", "Li Na"],
      ["Birth date", "1970-01-01", "empty"],
      ["Study Description", "not there", "Breast"],
      ["Request Attributes Sequence 2 › Scheduled Procedure Step ID", "1", "2"],
      ["Request Attributes Sequence", "items: 1", "not there"],
      ["(0029,1010)", "70,000 B", "1 B"],
    ]);
    expect(said(zh).slice(0, 3)).toEqual([
      ["姓名", "Wang Fang 王芳", "Li Na"],
      ["出生日期", "1970-01-01", "空"],
      ["Study Description", "没有此项", "Breast"],
    ]);
  });

  it.each([
    ["SOPInstanceUID", "SOP Instance UID"],
    ["OtherPatientIDs", "Other Patient IDs"],
    ["Rows", "Rows"],
    ["ImagerPixelSpacing", "Imager Pixel Spacing"],
  ])("has words: %s", (keyword, words) => expect(spoken(keyword)).toBe(words));
});

describe("the sum of it", () => {
  const attributes = [{ place: [place("00100040", "PatientSex")], kept: text("F"), aside: text("M") }];
  it.each<[Partial<Differences>, readonly string[]]>([
    [{}, ["The pixels are the same.", "No attribute differs."]],
    [{ pixels: "other", attributes }, ["The pixels differ."]],
    [{ pixels: "none", attributes, more: 3 }, ["Neither holds a picture.", "3 more differ."]],
    [
      { pixels: "unknown", attributes, whole: false },
      [
        "Whether the pixels are the same is not known: they are coded differently or too long.",
        "Not everything was compared: one of them is too long.",
      ],
    ],
  ])("says what is known of the pixels, and what is not told: %o", (more, texts) =>
    expect(sumOf(differing(more), en)).toEqual(texts),
  );
});
