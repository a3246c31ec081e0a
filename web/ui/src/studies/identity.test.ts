import { afterEach, describe, expect, it, vi } from "vitest";
import { wordsIn } from "../words/words";
import { NodeError } from "./client";
import {
  type AsideObject,
  asideTexts,
  byStudy,
  type Contradiction,
  candidatesOf,
  carryOut,
  contradictionText,
  type Differences,
  disputesOf,
  explainedBy,
  findContradictionsAround,
  findOverview,
  isAnything,
  NO_DOUBT,
  patientTexts,
  shapeOf,
  sumText,
  thumbnailAside,
  thumbnailKept,
  whoText,
} from "./identity";

const [en, zh] = [wordsIn("en"), wordsIn("zh")];
const contradiction = (
  about: Contradiction["about"],
  kept: string,
  other: string,
  of_study: boolean,
): Contradiction => ({
  id: 7,
  study_uid: "1.2",
  about,
  kept,
  other,
  of_study,
  at_ms: 0,
});
/** The same in both languages, of the study itself and of a later object of it. */
const ofStudy = (about: [string, string], other: string, kept: [string, string]): readonly string[] => [
  `${about[0]}: this study says ${other}, as it is shown; first under this identifier was ${kept[0]}`,
  `${about[1]}：本检查为 ${other}（并如此显示）；该标识号最先为 ${kept[1]}`,
];
const within = (about: [string, string], other: [string, string], kept: string): readonly string[] => [
  `${about[0]}: a later object of this study says ${other[0]}; the study is shown under ${kept}, as was said first`,
  `${about[1]}：本检查中后来的对象为 ${other[1]}；检查按最先的 ${kept} 显示`,
];
const [NAME, BIRTH, SEX, ID]: [[string, string], [string, string], [string, string], [string, string]] = [
  ["Name", "姓名"],
  ["Birth date", "出生日期"],
  ["Sex", "性别"],
  ["Identifier", "标识号"],
];

describe("who has decided", () => {
  it("is this machine in the words of the page, or an account by its name", () => {
    expect(whoText("this machine", wordsIn("zh"))).toBe("本机");
    expect(whoText("this machine", wordsIn("en"))).toBe("this machine");
    expect(whoText("li", wordsIn("zh"))).toBe("li");
  });
});

describe("a contradiction", () => {
  it.each<[Contradiction, readonly string[]]>([
    [
      contradiction("name", "Wang^Fang=王^芳", "Li^Na", true),
      ofStudy(NAME, "Li Na", ["Wang Fang 王芳", "Wang Fang 王芳"]),
    ],
    [contradiction("birth_date", "19700101", "1970", true), ofStudy(BIRTH, "1970", ["1970-01-01", "1970-01-01"])],
    [contradiction("sex", "F", "M", false), within(SEX, ["M", "M"], "F")],
    [contradiction("patient_id", "P-7", "", false), within(ID, ["none", "无"], "P-7")],
    [contradiction("patient_id", "P^7", "8", false), within(ID, ["8", "8"], "P^7")],
  ])("says which objects say what: %o", (one, texts) => {
    expect([contradictionText(one, en), contradictionText(one, zh)]).toEqual(texts);
  });
});

describe("a study that is open", () => {
  const name = contradiction("name", "Wang^Fang", "Li^Na", true);
  const birth = contradiction("birth_date", "19700101", "19700102", true);
  const elsewhere = "Name: another study under this identifier says Li Na; first was Wang Fang";
  it.each<[string, Contradiction[], string[]]>([
    ["1.2", [], []],
    ["1.2", [birth, name], [contradictionText(name, en)]],
    ["1.2", [birth], [contradictionText(birth, en)]],
    ["1.9", [birth, name], [elsewhere]],
    ["1.2", [birth, { ...name, study_uid: "1.9" }], [contradictionText(birth, en), elsewhere]],
  ])("%s is disputed by what itself and another one say, by names first", (study, around, texts) => {
    expect(disputesOf(around, study, en)).toEqual(texts);
  });

  it("says it in Chinese", () => {
    expect(disputesOf([name], "1.9", zh)).toEqual(["姓名：该标识号的另一检查为 Li Na；最先为 Wang Fang"]);
  });
});

describe("contradictions of one study", () => {
  const [birth, later, name, elsewhere] = [
    { ...contradiction("birth_date", "19700101", "19700102", true), id: 1 },
    { ...contradiction("sex", "F", "M", false), id: 2 },
    { ...contradiction("name", "A", "B", true), id: 3 },
    { ...contradiction("patient_id", "P-7", "8", false), id: 4, study_uid: "1.9" },
  ] as const;
  it("stand together, the names first, and the studies in the order of their oldest", () => {
    const ids = byStudy([birth, elsewhere, later, name]).map(({ study_uid, contradictions }) => [
      study_uid,
      ...contradictions.map(({ id }) => id),
    ]);
    expect(ids).toEqual([
      ["1.2", 3, 1, 2],
      ["1.9", 4],
    ]);
  });

  it("are explained by whose the study is, but for what a later object says", () => {
    expect(explainedBy([name, birth, later])).toEqual([3, 1]);
    expect(explainedBy([elsewhere, later])).toEqual([4]);
    expect(explainedBy([later])).toEqual([2]);
  });
});

describe("an object that was kept aside", () => {
  const aside = (study_uid: string | null): AsideObject => ({
    id: 3,
    instance_uid: "1.2.3",
    study_uid: "1.2",
    digest: "ab",
    size: 529_402,
    kept: study_uid === null ? null : { study_uid, digest: "cd", size: 529_404, origin: "OTHER", at_ms: -86_400_000 },
    origin: "PROBE",
    at_ms: 0,
    decided_by: null,
    decided_at_ms: null,
  });
  it.each([
    ["1.2", /^Handed out now: from OTHER, .*, 529,404 B$/, /^当前使用：来自 OTHER，.*，529,404 字节$/],
    ["1.9", /^Handed out now, in another study: from OTHER, /, /^当前使用（在另一检查中）：来自 OTHER，/],
    [null, /^Another object has its UID, where you may not look$/, /^其 UID 已有其他对象，您无权查看$/],
  ])("says which one is handed out: %s", (kept, text, inChinese) => {
    expect(asideTexts(aside(kept), 0, en)[1]).toMatch(text);
    expect(asideTexts(aside(kept), 0, zh)[1]).toMatch(inChinese);
    expect(asideTexts(aside(kept), 0, en)[0]).toMatch(/^Lies aside: from PROBE, .*, 529,402 B$/);
  });

  it("reads otherwise once the other one is handed out", () => {
    const before = aside("1.2");
    const { kept, ...own } = before;
    const { study_uid, digest, size, origin, at_ms } = own;
    const after = { ...before, ...kept, kept: { study_uid, digest, size, origin, at_ms } };
    const came = (texts: readonly [string, string]) => texts.map((text) => text.replace(/^.*: /, ""));
    expect(came(asideTexts(after, 0, en))).toEqual(came(asideTexts(before, 0, en)).reverse());
  });

  it("has a picture, and so has the one that is handed out: another address each time that this is another one", () => {
    const one = aside("1.2");
    expect(thumbnailAside(one)).toBe("/api/identity/aside/3/thumbnail?viewport=256,256");
    const differences = { kept: { study_uid: "1.2", series_uid: "1.4" } } as Differences;
    expect(thumbnailKept(one, differences)).toBe(
      "/dicomweb/studies/1.2/series/1.4/instances/1.2.3/thumbnail?viewport=256,256&of=cd",
    );
  });
});

describe("what is open", () => {
  it.each([
    [{}, "ok", "Nothing to settle"],
    [{ contradictions: 1 }, "warn", "1 contradiction"],
    [{ contradictions: 2 }, "warn", "2 contradictions"],
    [{ aside: 1 }, "warn", "1 kept aside"],
    [{ contradictions: 2, aside: 1, merges: 4 }, "warn", "2 contradictions · 1 kept aside"],
    [{ contradictions: 1, decided: 2 }, "warn", "1 contradiction"],
    [{ decided: 2 }, "ok", "2 decided"],
    [{ decided: 2, merges: 4 }, "ok", "2 decided · 4 merged"],
    [{ merges: 4 }, "ok", "4 merged"],
    [{ merges: 4, partings: 1 }, "ok", "4 merged · 1 parted"],
    [{ contradictions: 1, partings: 1 }, "warn", "1 contradiction"],
    [{ partings: 1 }, "ok", "1 parted"],
  ])("%o is told", (more, shape, text) => {
    const overview = { ...NO_DOUBT, ...more };
    expect([shapeOf(overview), sumText(overview, en)]).toEqual([shape, text]);
    expect(isAnything(overview)).toBe(Object.keys(more).length > 0);
  });
});

describe("patients", () => {
  it("are written with name and identifier, in the language", () => {
    const patient = {
      "00100010": { vr: "PN", Value: [{ Alphabetic: "Wang^Fang", Ideographic: "王^芳" }] },
      "00100020": { vr: "LO", Value: ["P-7"] },
    };
    const nobody = { source: patient, target: {} };
    expect(patientTexts(nobody, en)).toEqual({ source: "Wang Fang · P-7", target: "No name" });
    expect(patientTexts(nobody, zh)).toEqual({ source: "王芳 · P-7", target: "无姓名" });
  });
  it("are told apart where they read alike, by the other writing or by what else is known", () => {
    const patient = (own: string, more: object = {}) => ({
      "00100010": { vr: "PN", Value: [{ Alphabetic: "WANG^FANG", Ideographic: own }] },
      "00100020": { vr: "LO", Value: ["P-1"] },
      ...more,
    });
    const both = { source: patient("王^芳"), target: patient("王^方") };
    expect(patientTexts(both, en)).toEqual({ source: "WANG FANG 王芳 · P-1", target: "WANG FANG 王方 · P-1" });
    expect(patientTexts(both, zh)).toEqual({ source: "王芳 · P-1", target: "王方 · P-1" });
    const born = (day: string) => patient("王^芳", { "00100030": { vr: "DA", Value: [day] } });
    expect(patientTexts({ source: born("19800517"), target: born("19810517") }, zh)).toEqual({
      source: "WANG FANG 王芳 · P-1 · 1980-05-17",
      target: "WANG FANG 王芳 · P-1 · 1981-05-17",
    });
    const same = { source: patient("王^芳"), target: patient("王^芳") };
    expect(patientTexts(same, en)).toEqual({ source: "WANG FANG · P-1", target: "WANG FANG · P-1" });
  });

  it("are offered once each, and last those who look like the one who it is about", () => {
    const row = (uid: string, name: string | null, id: string | null) => ({ uid, name, id });
    const rows = [row("1", "A", "7"), row("2", "B", "7"), row("3", "A", "7"), row("4", "B", "7"), row("5", "B", null)];
    expect(candidatesOf(rows, "3").map(({ uid }) => uid)).toEqual(["2", "5", "1"]);
    expect(candidatesOf(rows, "elsewhere").map(({ uid }) => uid)).toEqual(["1", "2", "5"]);
  });
});

describe("what is asked", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["reject", "/api/identity/aside/7/reject"],
    ["take", "/api/identity/aside/7/take"],
    ["undo", "/api/identity/merges/7/undo"],
    ["part", "/api/identity/contradictions/7/part"],
    ["join", "/api/identity/partings/7/undo"],
  ] as const)("%s goes to its place", async (act, path) => {
    const asked = vi.fn(async () => new Response(null, { status: 204 }));
    vi.stubGlobal("fetch", asked);
    await carryOut({ act, id: 7 });
    expect(asked.mock.calls).toEqual([[path, { method: "POST" }]]);
  });

  it("settles one contradiction after the other, up to one that fails", async () => {
    const paths: string[] = [];
    vi.stubGlobal("fetch", async (path: string) => {
      paths.push(path);
      return path.includes("/8/") ? new Response("{}", { status: 503 }) : new Response(null, { status: 204 });
    });
    await expect(carryOut({ act: "settle", ids: [7, 8, 9] })).rejects.toBeInstanceOf(NodeError);
    expect(paths).toEqual([7, 8].map((id) => `/api/identity/contradictions/${id}/settle`));
  });

  it("looks around one study", async () => {
    const asked = vi.fn(async (_path: string) => new Response("[]", { status: 200 }));
    vi.stubGlobal("fetch", asked);
    await findContradictionsAround("1.2.3", new AbortController().signal);
    expect(asked.mock.calls[0]?.[0]).toBe("/api/identity/contradictions?study=1.2.3");
  });

  it("settles contradictions after the merge that explains them, and not where that is refused", async () => {
    const merge = { source_study: "1.2", target_study: "1.3" };
    const paths: string[] = [];
    const answers = (status: number) =>
      vi.stubGlobal("fetch", async (path: string) => {
        paths.push(path);
        return new Response(status === 204 ? null : '{"error":"no","code":"not_merged"}', { status });
      });
    answers(204);
    await carryOut({ act: "merge", merge, settles: [7, 9] });
    const settled = [7, 9].map((id) => `/api/identity/contradictions/${id}/settle`);
    expect(paths).toEqual(["/api/identity/merges", ...settled]);
    answers(409);
    const refused = await carryOut({ act: "merge", merge, settles: [8] }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NodeError);
    expect(refused).toMatchObject({ status: 409, fault: { code: "not_merged" } });
    expect(paths).toHaveLength(4);
  });

  it("is an error where a page stands in its place", async () => {
    const page = async () => new Response("<html>", { status: 200, headers: { "content-type": "text/html" } });
    vi.stubGlobal("fetch", page);
    await expect(findOverview(new AbortController().signal)).rejects.toMatchObject({ status: 404 });
  });
});
