import { afterEach, describe, expect, it, vi } from "vitest";
import { wordsIn } from "../words/words";
import { NodeError } from "./client";
import {
  carryOut,
  changeOf,
  clockAt,
  faultOf,
  findOrders,
  formOf,
  type ListedOrder,
  NO_ORDER,
  newOrderOf,
  nextForm,
  type OrderForm,
  refusalOf,
  rowOf,
} from "./orders";

const [en, zh] = [wordsIn("en"), wordsIn("zh")];
const NOW = new Date(2026, 10, 26, 9, 5).getTime();

const kept: ListedOrder = {
  state: "scheduled",
  site: "east",
  order: {
    patient_id: "P-1",
    patient_name: "WANG^FANG=王^芳=wang^fang",
    birth_date: "19800517",
    sex: "F",
    accession: "202611260007",
    referring_physician: "LI^NA",
    study_uid: "2.25.1",
    procedure_id: "P7",
    procedure: "Breast ultrasound",
    step_id: "P7",
    step: "Breast ultrasound",
    modality: "US",
    station: "",
    date: "20261126",
    time: "093015",
    performing_physician: "",
  },
};

const form: OrderForm = { ...NO_ORDER, patientId: " P-2 ", letters: "LI Na", own: "李娜" };

describe("a new order", () => {
  it("is for now where no other time is said", () => {
    expect(newOrderOf(form, NOW)).toEqual({
      site: "",
      order: {
        patient_id: "P-2",
        patient_name: "LI^Na=李^娜",
        birth_date: "",
        sex: "",
        accession: "",
        date: "20261126",
        time: "0905",
        station: "",
        modality: "US",
        procedure: "",
      },
    });
    const said = newOrderOf({ ...form, date: "2026-12-01", time: "", birthDate: "1980-05-17", site: "east" }, NOW);
    expect(said.site).toBe("east");
    expect(said.order).toMatchObject({ date: "20261201", time: "", birth_date: "19800517" });
    expect(clockAt(NOW)).toBe("09:05");
  });
  it.each<[string, Partial<OrderForm>, string | null, string, string]>([
    ["nothing", {}, null, "", ""],
    ["no identifier", { patientId: " " }, "patientId", "Identifier: say it", "患者号：必填"],
    ["no name", { letters: " ", own: "" }, "letters", "Name in letters: say it", "姓名（拼音）：必填"],
    ["no day", { date: "" }, "date", "Date: say it", "日期：必填"],
    ["a birth that is to come", { birthDate: "2027-01-01" }, "birthDate", "", ""],
    ["a backslash", { procedure: "a\\b" }, "procedure", "Examination: no backslash", "检查项目：不能含反斜杠"],
  ])("is refused before it is sent, by its field: %s", (_what, part, field, english, chinese) => {
    const of = (words: typeof en) => faultOf({ ...form, ...part }, new Date(NOW), words);
    expect(of(en)?.field ?? null).toBe(field);
    if (english) {
      expect([of(en)?.text, of(zh)?.text]).toEqual([english, chinese]);
    }
  });
  it("leaves for the next one what is the same for both", () => {
    const filled = {
      ...form,
      accession: "A",
      sex: "F",
      station: "US_1",
      procedure: "Both",
      date: "2026-12-01",
      time: "10:00",
    };
    expect(nextForm(filled)).toEqual({ ...NO_ORDER, station: "US_1", procedure: "Both", date: "2026-12-01" });
  });
});

describe("what the program does not take", () => {
  it.each<[string, string, string, Partial<OrderForm>, string | null, string, string]>([
    [
      "bad_value",
      "patient_id must be at most 64 letters, a letter or digit among them; date is missing",
      "an identifier of signs",
      {},
      "patientId",
      "Identifier: at most 64 letters, a letter or digit among them, none of them invisible",
      "患者号：最多 64 个字符，须含字母或数字，不能含不可见字符",
    ],
    [
      "bad_value",
      "birth_date must be a day of the calendar, YYYYMMDD, that does not lie ahead",
      "a birth",
      {},
      "birthDate",
      "Birth date: a day of the calendar that does not lie ahead",
      "出生日期：须为已到来的日历日期",
    ],
    [
      "bad_value",
      "patient_name must be a name",
      "a name in letters",
      {},
      "letters",
      "Name in letters: up to 64",
      "姓名（拼音）：",
    ],
    [
      "bad_value",
      "patient_name must be a name",
      "a Chinese one",
      { letters: " " },
      "own",
      "Name in Chinese: up to 64",
      "姓名（中文）：",
    ],
    ["bad_value", "site is missing: there are several", "no site", {}, "site", "Site: say it", "机构：必填"],
    [
      "conflict",
      "another patient's order has this accession number",
      "another's number",
      {},
      "accession",
      "Accession: another patient's order has it",
      "登记号：已属于另一患者的登记",
    ],
    ["bad_value", "step_id must be at most 16 letters", "what the form does not have", {}, null, "", ""],
    ["conflict", "another order has the ID of this procedure step", "a step", {}, null, "", ""],
    ["order_closed", "a machine has begun it", "what has begun", {}, null, "", ""],
  ])("is said by its field (%s, %s): %s", (code, error, _what, part, field, english, chinese) => {
    const of = (words: typeof en) => refusalOf(new NodeError(400, { code, error }), { ...form, ...part }, words);
    expect(of(en)?.field ?? null).toBe(field);
    expect(of(en)?.text ?? "").toContain(english);
    expect(of(zh)?.text ?? "").toContain(chinese);
  });
  it("is of no field where nobody answered", () => {
    expect(refusalOf(new TypeError("Failed to fetch"), form, en)).toBeNull();
    expect(refusalOf(null, form, en)).toBeNull();
  });
});

describe("an order that is kept", () => {
  it("is a row of the list in the reader's language", () => {
    const english = rowOf(kept, en);
    expect(english).toMatchObject({ step: "P7", name: "WANG FANG", id: "P-1", time: "09:30", site: "east" });
    expect(english.person).toMatch(/^F 46/);
    expect(rowOf(kept, zh).name).toBe("王芳");
    const bare = { ...kept, order: { ...kept.order, birth_date: "", sex: "", time: "" } };
    expect(rowOf(bare, en)).toMatchObject({ person: "", time: null });
  });
  it("is changed in what a person has changed, and in nothing else", () => {
    const shown = formOf(kept);
    expect(shown).toMatchObject({ letters: "WANG FANG", own: "王芳", birthDate: "1980-05-17", time: "09:30" });
    expect(changeOf(shown, kept, NOW)).toEqual({});
    expect(changeOf({ ...shown, time: "10:15", procedure: "Left breast " }, kept, NOW)).toEqual({
      time: "1015",
      procedure: "Left breast",
    });
    expect(changeOf({ ...shown, own: "王 方", accession: "", birthDate: "" }, kept, NOW)).toEqual({
      patient_name: "WANG^FANG=王^方=wang^fang",
      accession: "",
      birth_date: "",
    });
  });
});

describe("the program", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answers = (body: unknown, status = 200) => {
    const asked = vi.fn(async (_path: string, _how?: RequestInit) => Response.json(body, { status }));
    vi.stubGlobal("fetch", asked);
    return asked;
  };
  const { signal } = new AbortController();

  it("is asked for a day, a state and a page", async () => {
    const asked = answers({ orders: [kept], next: null });
    expect((await findOrders("2026-11-26", "", null, signal)).orders).toEqual([kept]);
    await findOrders("2026-11-26", "started", "202611260930-7", signal);
    expect(asked.mock.calls.map(([path]) => path)).toEqual([
      "/api/orders?day=20261126",
      "/api/orders?day=20261126&state=started&after=202611260930-7",
    ]);
  });
  it("is told in the body who is examined, and which order by one part of the address", async () => {
    const asked = answers(kept);
    await carryOut({ act: "add", order: newOrderOf(form, NOW) });
    await carryOut({ act: "change", step: "S/2", change: { time: "1015" } });
    await carryOut({ act: "cancel", step: "P7" });
    expect(asked.mock.calls.map(([path, how]) => [path, how?.method, how?.body])).toEqual([
      ["/api/orders", "POST", JSON.stringify(newOrderOf(form, NOW))],
      ["/api/orders/S%2F2/change", "POST", '{"time":"1015"}'],
      ["/api/orders/P7/cancel", "POST", undefined],
    ]);
  });
  it("says why not", async () => {
    answers({ error: "a performed procedure step has begun", code: "order_closed" }, 409);
    await expect(carryOut({ act: "cancel", step: "P7" })).rejects.toMatchObject({ fault: { code: "order_closed" } });
  });
});
