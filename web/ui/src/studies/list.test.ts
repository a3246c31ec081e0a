/** The list: days, what the node is asked, and what its answers become. */
import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import { type DataSet, nameOf } from "./dataSet";
import { dateRange, dayAt, dayOf, daysBefore, type Period, timeOf } from "./dates";
import { NO_SEARCH, plainText, questionsOf, type Search, together } from "./question";
import { type InstanceTile, keysOf, rowOf, stripsOf } from "./study";

const TODAY = "2026-11-26";

describe("a date of DICOM", () => {
  it.each([
    ["20261126", "2026-11-26"],
    ["1994.01.30", "1994-01-30"],
    ["20240229", "2024-02-29"],
    ["20230229", null],
    ["20261301", null],
    ["2026", null],
    ["202611261", null],
    [null, null],
  ])("%s is %s", (written, day) => expect(dayOf(written)).toBe(day));

  it.each([
    ["101530.25", "10:15"],
    ["10:15:30", "10:15"],
    ["0000", "00:00"],
    ["10", null],
    ["2460", null],
    ["9999", null],
    [null, null],
  ])("time %s is %s", (written, time) => expect(timeOf(written)).toBe(time));

  it("goes back over months and years", () => {
    expect(daysBefore("2026-03-01", 1)).toBe("2026-02-28");
    expect(daysBefore("2026-01-01", 1)).toBe("2025-12-31");
    expect(dayAt(new Date(2026, 10, 26, 23, 59).getTime())).toBe(TODAY);
  });
});

describe("a period", () => {
  it.each<[Period, string, string, string | null]>([
    ["any", "2026-01-01", "", null],
    ["today", "", "", "20261126-20261126"],
    ["week", "", "", "20261120-20261126"],
    ["quarter", "", "", "20260829-20261126"],
    ["own", "", "", null],
    ["own", "2026-01-01", "", "20260101-"],
    ["own", "", "2026-02-01", "-20260201"],
    ["own", "2026-01-01", "2026-02-01", "20260101-20260201"],
    ["own", "2026-02-01", "2026-01-01", "20260101-20260201"],
  ])("%s from “%s” to “%s” asks for %s", (period, from, to, range) =>
    expect(dateRange(period, from, to, TODAY)).toBe(range),
  );
});

describe("what the node is asked", () => {
  const asked = (search: Partial<Search>, page = 0): readonly string[] =>
    questionsOf({ ...NO_SEARCH, ...search }, page, TODAY).map(decodeURIComponent);
  it("is one page without a text", () => {
    expect(asked({})).toEqual(["limit=100&offset=0"]);
    expect(asked({ modality: "US", period: "today" }, 3)).toEqual([
      "StudyDate=20261126-20261126&ModalitiesInStudy=US&limit=100&offset=300",
    ]);
  });
  it("is a name, an identifier and an accession number for a text", () => {
    expect(asked({ text: " wang  xiao ", modality: "MG" })).toEqual([
      "PatientName=wang+xiao&fuzzymatching=true&ModalitiesInStudy=MG&limit=500",
      "PatientID=wang+xiao*&ModalitiesInStudy=MG&limit=500",
      "AccessionNumber=wang+xiao*&ModalitiesInStudy=MG&limit=500",
    ]);
  });
  it.each([
    ["a\\b", "a b"],
    ["*", ""],
    ["WANG^XIAO", "WANG XIAO"],
    ["Wang, Xiao?", "Wang Xiao"],
  ])("%s has no sign that DICOM would read: %s", (written, plain) => expect(plainText(written)).toBe(plain));
  it("is everything when the text is signs only", () => expect(asked({ text: "**" })).toEqual(["limit=100&offset=0"]));
});

const study = (uid: string, date: string, time = ""): DataSet => ({
  "0020000D": { vr: "UI", Value: [uid] },
  "00080020": { vr: "DA", Value: [date] },
  "00080030": { vr: "TM", Value: [time] },
});

describe("answers", () => {
  it("become one list, each study once, the newest first", () => {
    const [a, b, c, d] = [
      study("1", "20260101", "0900"),
      study("2", "20260101", "1000"),
      study("3", "2027.01.01"),
      study("4", ""),
    ] as const;
    const found = [
      [a, d],
      [b, a],
      [c, study("5", "notadate")],
    ];
    expect(together(found).map((each) => each["0020000D"]?.Value?.[0])).toEqual(["3", "2", "1", "4", "5"]);
  });
});

describe("a row", () => {
  const full: DataSet = {
    ...study("1.2", "20261126", "101500"),
    "00100010": { vr: "PN", Value: [{ Alphabetic: "Wang^XiaoDong^^^", Ideographic: "王^小东" }] },
    "00100020": { vr: "LO", Value: ["P-7 "] },
    "00100030": { vr: "DA", Value: ["19790312"] },
    "00100040": { vr: "CS", Value: ["F"] },
    "00080061": { vr: "CS", Value: ["US", "SR"] },
    "00201206": { vr: "IS", Value: [2] },
    "00201208": { vr: "IS", Value: ["31"] },
  };
  it("says what is known, in the language", () => {
    expect(rowOf(full, wordsIn("en"))).toMatchObject({
      name: "Wang XiaoDong",
      id: "P-7",
      person: "F 47",
      date: "26 Nov 2026",
      time: "10:15",
      modalities: ["US", "SR"],
      series: 2,
      instances: 31,
    });
    expect(rowOf(full, wordsIn("zh"))).toMatchObject({ name: "王小东", person: "女 47岁", date: "2026年11月26日" });
  });
  it("says nothing of what is not", () => {
    expect(rowOf({}, wordsIn("en"))).toMatchObject({
      uid: "",
      name: null,
      id: null,
      person: "",
      date: null,
      series: 0,
    });
  });
  it("leaves a date that is none as it is written, and gives no age for it", () => {
    const odd = { ...full, "00080020": { vr: "DA", Value: ["26/11/2026"] } };
    expect(rowOf(odd, wordsIn("en"))).toMatchObject({ date: "26/11/2026", person: "F" });
  });
  it("takes the other writing where a name has one only", () => {
    const name = (value: unknown): DataSet => ({ "00100010": { vr: "PN", Value: [value] } });
    expect(nameOf(name({ Alphabetic: "DOE^J" }), "00100010", "zh")).toBe("DOE J");
    expect(nameOf(name({ Ideographic: "王^小" }), "00100010", "en")).toBe("王小");
    expect(nameOf(name({ Alphabetic: "王^小明" }), "00100010", "zh")).toBe("王小明");
    expect(nameOf(name({ Alphabetic: "홍^길동" }), "00100010", "en")).toBe("홍길동");
    expect(nameOf(name({ Alphabetic: "^^" }), "00100010", "en")).toBeNull();
    expect(nameOf(name(null), "00100010", "en")).toBeNull();
  });
});

describe("a study's series", () => {
  const instance = (series: string, number: number, uid: string, at: number | null, rows: number | null): DataSet => ({
    "0020000E": { vr: "UI", Value: [series] },
    "00200011": { vr: "IS", Value: [number] },
    "00080018": { vr: "UI", Value: [uid] },
    ...(at !== null && { "00200013": { vr: "IS", Value: [at] } }),
    ...(rows !== null && { "00280010": { vr: "US", Value: [rows] } }),
  });
  it("are in the order of their numbers, and so are the images", () => {
    const strips = stripsOf("9", [
      instance("b", 2, "b1", 1, 10),
      instance("a", 1, "a3", null, null),
      instance("a", 1, "a2", 12, 10),
      instance("a", 1, "a1", 3, 10),
    ]);
    expect(strips.map(({ uid, instances }) => [uid, ...instances.map((each) => each.instance)])).toEqual([
      ["a", "a1", "a2", "a3"],
      ["b", "b1"],
    ]);
    expect(strips[0]?.instances.map(({ isPicture, frames }) => [isPicture, frames])).toEqual([
      [true, 1],
      [true, 1],
      [false, 1],
    ]);
  });
});

describe("the keys of an open study", () => {
  const tile = (isPicture: boolean, frames: number): InstanceTile => ({
    study: "9",
    series: "a",
    instance: "a1",
    number: 1,
    frames,
    isPicture,
    modality: "US",
  });
  it.each<[string, InstanceTile | undefined, number, readonly string[]]>([
    ["nothing", undefined, 0, []],
    ["a report alone", tile(false, 1), 1, []],
    ["a report among others", tile(false, 1), 3, ["image"]],
    ["a picture alone", tile(true, 1), 1, ["measure"]],
    ["a picture among others", tile(true, 1), 2, ["image", "measure"]],
    ["a cine", tile(true, 40), 2, ["image", "play", "frames", "measure"]],
  ])("while %s is shown are those that do something", (_, shown, count, keys) =>
    expect(keysOf(shown, count)).toEqual(keys),
  );
});
