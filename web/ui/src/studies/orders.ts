/** What shall be examined, as the page registers it: the orders of a day, a new one, and what is said otherwise of one that nobody has begun. */
import type { components } from "../api/schema";
import { birthFault } from "../exam/birth";
import { sexAndAge } from "../exam/format";
import type { Status } from "../parts/shapes";
import type { WordKey, Words } from "../words/words";
import { answered, NodeError } from "./client";
import { type Day, dayAt, dayOf, noonOf, timeOf } from "./dates";
import { dicomName, groupsOf, nameIn, writtenOf } from "./personName";

type Schemas = components["schemas"];

const ROOT = "/api/orders";

export type OrderState = Schemas["OrderState"];
export type ListedOrder = Schemas["ListedOrder"];
/** What is left out stays. */
export type OrderChange = Partial<Schemas["OrderChange"]>;
/** What is left out is empty, or given. */
export type NewOrder = Omit<Schemas["NewOrder"], "order"> & { readonly order: Partial<Schemas["Order"]> };

/** Orders from the first to the last. */
export type ListedOrders = Schemas["ListedOrders"];

export const STATES = [
  "scheduled",
  "started",
  "completed",
  "discontinued",
  "cancelled",
] as const satisfies readonly OrderState[];

/** `null`: what is under way has the dot of an examination that is. */
export const SHAPES: Readonly<Record<OrderState, Status | null>> = {
  scheduled: "info",
  started: null,
  completed: "ok",
  discontinued: "warn",
  cancelled: "off",
};

/** Of one day, in that state (`""`: any), after what the answer before said as next. */
export async function findOrders(
  day: Day,
  state: OrderState | "",
  after: string | null,
  signal: AbortSignal,
): Promise<ListedOrders> {
  const query = new URLSearchParams({ day: plain(day) });
  if (state !== "") {
    query.set("state", state);
  }
  if (after !== null) {
    query.set("after", after);
  }
  const response = await answered(await fetch(`${ROOT}?${query}`, { signal }));
  return (await response.json()) as ListedOrders;
}

/** What is done with orders. */
export type OrderAct =
  | { readonly act: "add"; readonly order: NewOrder }
  | { readonly act: "change"; readonly step: string; readonly change: OrderChange }
  | { readonly act: "cancel"; readonly step: string };

/** Who is examined stands in the body: no address, and so no log, holds it. */
export async function carryOut(act: OrderAct): Promise<ListedOrder> {
  const path = act.act === "add" ? "" : `/${encodeURIComponent(act.step)}/${act.act}`;
  const body = act.act === "add" ? act.order : act.act === "change" ? act.change : null;
  const response = await answered(
    await fetch(`${ROOT}${path}`, {
      method: "POST",
      ...(body !== null && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    }),
  );
  return (await response.json()) as ListedOrder;
}

const plain = (day: string): string => day.replaceAll("-", "");

/** An order as a row of the list. */
export interface OrderRow {
  readonly step: string;
  readonly state: OrderState;
  readonly name: string | null;
  readonly id: string;
  /** `F 47`, the age at that day. */
  readonly person: string;
  readonly time: string | null;
  readonly modality: string;
  readonly procedure: string;
  /** `""`: any machine. */
  readonly station: string;
  readonly accession: string;
  readonly site: string;
}

export function rowOf({ order, state, site }: ListedOrder, words: Words): OrderRow {
  const day = dayOf(order.date);
  const patient = { id: "", name: "", sex: order.sex, birth_date: (day && dayOf(order.birth_date)) ?? "" };
  return {
    step: order.step_id,
    state,
    name: nameIn(order.patient_name, words.language),
    id: order.patient_id,
    person: sexAndAge(patient, day === null ? 0 : noonOf(day), words),
    time: timeOf(order.time),
    modality: order.modality,
    procedure: order.procedure,
    station: order.station,
    accession: order.accession,
    site,
  };
}

/** What is written in the form. */
export interface OrderForm {
  readonly patientId: string;
  /** The name in letters, and in the own writing. */
  readonly letters: string;
  readonly own: string;
  readonly birthDate: Day | "";
  readonly sex: string;
  readonly accession: string;
  /** `null`: the day and the time at which it is sent. */
  readonly date: Day | "" | null;
  readonly time: string | null;
  readonly station: string;
  readonly modality: string;
  readonly procedure: string;
  readonly site: string;
}

export type OrderField = keyof OrderForm;

export const NO_ORDER: OrderForm = {
  patientId: "",
  letters: "",
  own: "",
  birthDate: "",
  sex: "",
  accession: "",
  date: null,
  time: null,
  station: "",
  modality: "US",
  procedure: "",
  site: "",
};

/** For the next one: what is examined, where and on which day stays, whose it is does not. */
export const nextForm = ({ date, station, modality, procedure, site }: OrderForm): OrderForm => ({
  ...NO_ORDER,
  date,
  station,
  modality,
  procedure,
  site,
});

export const FIELD_WORDS: Readonly<Record<OrderField, WordKey>> = {
  patientId: "patient_id",
  letters: "order_letters",
  own: "order_own",
  birthDate: "patient_birth_date",
  sex: "patient_sex",
  accession: "column_accession",
  date: "order_date",
  time: "order_time",
  station: "order_station",
  modality: "kind",
  procedure: "order_procedure",
  site: "order_site",
};

/** One line about a field of the form. */
export interface FieldFault {
  readonly field: OrderField;
  readonly text: string;
}

/** What is wrong with a form, as one line about its first field that has a fault. The program has the last word. */
export function faultOf(form: OrderForm, now: Date, { say }: Words): FieldFault | null {
  const about = (field: OrderField, key: "order_missing" | "order_sign") => ({
    field,
    text: say(key, { field: say(FIELD_WORDS[field]) }),
  });
  if (form.patientId.trim() === "") {
    return about("patientId", "order_missing");
  }
  if (dicomName(form.letters, form.own) === "") {
    return about("letters", "order_missing");
  }
  if (form.date === "") {
    return about("date", "order_missing");
  }
  const birth = birthFault(form.birthDate, now);
  if (birth) {
    return { field: "birthDate", text: say(birth) };
  }
  const fields = Object.keys(FIELD_WORDS) as OrderField[];
  const wrong = fields.find((field) => form[field]?.includes("\\"));
  return wrong ? about(wrong, "order_sign") : null;
}

/** The fields by the names under which the program's answers speak of them. */
const FIELD_OF: Readonly<Record<string, OrderField>> = {
  patient_id: "patientId",
  patient_name: "letters",
  birth_date: "birthDate",
  sex: "sex",
  accession: "accession",
  date: "date",
  time: "time",
  station: "station",
  modality: "modality",
  procedure: "procedure",
  site: "site",
};

/** What the program takes in each (`Form` there). */
const FORMS: Readonly<Record<OrderField, readonly [key: WordKey, most: number]>> = {
  patientId: ["order_form_id", 64],
  letters: ["order_form_name", 64],
  own: ["order_form_name", 64],
  birthDate: ["order_form_birth", 8],
  sex: ["order_form_code", 16],
  accession: ["order_form_id", 16],
  date: ["order_form_day", 8],
  time: ["order_form_time", 6],
  station: ["order_form_station", 16],
  modality: ["order_form_code", 16],
  procedure: ["order_form_text", 64],
  site: ["order_form_text", 64],
};

/** `patient_id must be at most 64 letters; date is missing`: the first of them counts. */
const REFUSED = /^(\w+) (is missing|must be )/;

/** What the program says of a field of the form that it did not take; `null` where its reason is another one. */
export function refusalOf(error: Error | null, form: OrderForm, { say }: Words): FieldFault | null {
  if (!(error instanceof NodeError)) {
    return null;
  }
  const { code, error: reason } = error.fault;
  const about = (field: OrderField, key: WordKey, more = {}): FieldFault => ({
    field,
    text: say(key, { field: say(FIELD_WORDS[field]), ...more }),
  });
  // Orders are told apart by it alone: the form names no step.
  if (code === "conflict" && reason.includes("accession number")) {
    return about("accession", "order_accession_taken");
  }
  const [, name = "", what] = (code === "bad_value" && reason.match(REFUSED)) || [];
  const named = FIELD_OF[name];
  if (named === undefined) {
    return null;
  }
  const field = named === "letters" && form.letters.trim() === "" ? "own" : named;
  const [key, most] = FORMS[field];
  return what === "is missing"
    ? about(field, "order_missing")
    : about(field, "order_unfit", { form: say(key, { most }) });
}

/** The time that it is here, `10:15`. */
export function clockAt(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes()].map((value) => String(value).padStart(2, "0")).join(":");
}

/** The texts of an order that a form is about. */
function textsOf(form: OrderForm, sound: string, now: number) {
  return {
    patient_id: form.patientId.trim(),
    patient_name: dicomName(form.letters, form.own, sound),
    birth_date: plain(form.birthDate),
    sex: form.sex,
    accession: form.accession.trim(),
    date: plain(form.date ?? dayAt(now)),
    time: (form.time ?? clockAt(now)).replaceAll(":", ""),
    station: form.station.trim(),
    modality: form.modality,
    procedure: form.procedure.trim(),
  } satisfies OrderChange;
}

export function newOrderOf(form: OrderForm, now: number): NewOrder {
  return { order: textsOf(form, "", now), site: form.site };
}

/** An order as the form shows it. */
export function formOf({ order, site }: ListedOrder): OrderForm {
  const [letters, own] = groupsOf(order.patient_name).map(writtenOf);
  return {
    patientId: order.patient_id,
    letters: letters ?? "",
    own: own ?? "",
    birthDate: dayOf(order.birth_date) ?? "",
    sex: order.sex,
    accession: order.accession,
    date: dayOf(order.date) ?? "",
    time: timeOf(order.time) ?? "",
    station: order.station,
    modality: order.modality,
    procedure: order.procedure,
    site,
  };
}

/** What a person has changed of an order, and nothing else: what another one changed meanwhile stays. */
export function changeOf(form: OrderForm, kept: ListedOrder, now: number): OrderChange {
  const [, , sound] = groupsOf(kept.order.patient_name);
  const [before, after] = [formOf(kept), form].map((each) => textsOf(each, sound, now));
  const changed = Object.entries(after ?? {}).filter(([key, text]) => before?.[key as keyof typeof before] !== text);
  return Object.fromEntries(changed);
}
