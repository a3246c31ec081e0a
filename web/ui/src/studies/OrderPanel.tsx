import { type FormEvent, useEffect, useRef, useState } from "react";
import { birthBounds } from "../exam/birth";
import { Icon, Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { type Day, dayAt, dayOf } from "./dates";
import {
  changeOf,
  clockAt,
  FIELD_WORDS,
  type FieldFault,
  faultOf,
  formOf,
  type ListedOrder,
  NO_ORDER,
  newOrderOf,
  nextForm,
  type OrderField,
  type OrderForm,
  refusalOf,
} from "./orders";
import { dicomName, groupsOf, isInLetters, nameIn } from "./personName";
import { SendFault } from "./SendFault";
import { useNow } from "./useNow";
import { useOrderActs, useOrderSites } from "./useOrders";

const SEXES = ["F", "M", "O"] as const;
/** What is examined here; an order of another kind keeps that. */
const KINDS = ["US", "MG"] as const;

interface Props {
  /** What is changed; `null`: somebody new. */
  readonly kept: ListedOrder | null;
  /** What was written into those of the day is offered again. */
  readonly listed: readonly ListedOrder[];
  /** It is kept, for that day. */
  readonly onKept: (day: Day) => void;
  readonly onClose: () => void;
}

/** The form of an order. */
export function OrderPanel({ kept, listed, onKept, onClose }: Props) {
  const words = useWords();
  const { say, language } = words;
  const now = useNow();
  const sites = useOrderSites();
  const { error, busy, act, forget } = useOrderActs();
  const [form, setForm] = useState<OrderForm>(() => (kept ? formOf(kept) : NO_ORDER));
  const [wrong, setWrong] = useState<FieldFault | null>(null);
  const refusal = refusalOf(error, form, words);
  const fault = wrong ?? refusal;
  const [done, setDone] = useState<ListedOrder | null>(null);
  const element = useRef<HTMLFormElement>(null);
  const focus = (field: OrderField): void =>
    element.current?.querySelector<HTMLElement>(`[data-field="${field}"]`)?.focus();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is opened.
  useEffect(() => focus("patientId"), []);
  const refused = refusal?.field ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer, to the field that it is about.
  useEffect(() => {
    if (refused !== null) {
      focus(refused);
    }
  }, [error]);
  const set = (part: Partial<OrderForm>): void => {
    setForm((before) => ({ ...before, ...part }));
    setWrong(null);
    setDone(null);
    forget();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const found = faultOf(form, new Date(), words);
    setWrong(found);
    setDone(null);
    if (found) {
      focus(found.field);
      return;
    }
    const what =
      kept === null
        ? ({ act: "add", order: newOrderOf({ ...form, site: form.site || (sites[0] ?? "") }, Date.now()) } as const)
        : ({ act: "change", step: kept.order.step_id, change: changeOf(form, kept, Date.now()) } as const);
    act(what, (after) => {
      if (kept === null) {
        setDone(after);
        setForm(nextForm);
        focus("patientId");
      }
      onKept(dayOf(after.order.date) ?? dayAt(Date.now()));
    });
  };
  /** What every field has. */
  const of = (field: OrderField) => ({
    "data-field": field,
    "aria-invalid": fault?.field === field,
    ...(fault?.field === field && { "aria-describedby": "order-fault" }),
  });
  const text = (field: OrderField, most: number, more: { placeholder?: string; list?: string } = {}) => (
    <label>
      <span>{say(FIELD_WORDS[field])}</span>
      <input
        className="text"
        autoComplete="off"
        maxLength={most}
        value={form[field] ?? ""}
        onChange={(event) => set({ [field]: event.target.value })}
        {...of(field)}
        {...more}
      />
    </label>
  );
  const choices = (field: "sex" | "modality", values: readonly string[], word: (value: string) => string) => (
    <fieldset>
      <legend>{say(FIELD_WORDS[field])}</legend>
      <div className="options">
        {values.map((value, at) => {
          const said = form[field] === value;
          return (
            <button
              key={value}
              type="button"
              className={said ? "option said" : "option"}
              aria-pressed={said}
              onClick={() => set({ [field]: said && field === "sex" ? "" : value })}
              {...(at === 0 && { "data-field": field })}
            >
              {word(value)}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
  const offered = (id: string, values: readonly string[]) => (
    <datalist id={id}>
      {[...new Set(values)].filter(Boolean).map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
  const kinds = (KINDS as readonly string[]).includes(form.modality) ? KINDS : [...KINDS, form.modality];
  const usual = form.modality === "US" || form.modality === "MG" ? [say(`order_usual_${form.modality}`)] : [];
  return (
    <aside className="preview uploads order-panel" aria-label={say(kept ? "order_change" : "order_new")}>
      <div className="row">
        <h2 className="preview-name">{say(kept ? "order_change" : "order_new")}</h2>
        <span className="space" />
        <button type="button" className="button small square" aria-label={say("upload_close")} onClick={onClose}>
          <Icon name="dismiss" />
        </button>
      </div>
      <form className="order-form" ref={element} noValidate={true} onSubmit={submit}>
        <div className="pair">
          {text("patientId", 64)}
          {text("accession", 16, { placeholder: say("order_accession_given") })}
        </div>
        <div className="pair">
          {text("letters", 64)}
          {text("own", 64)}
        </div>
        <NameAsSent letters={form.letters} own={form.own} kept={kept} />
        <div className="pair">
          <label>
            <span>{say("patient_birth_date")}</span>
            <input
              className="text"
              type="date"
              {...birthBounds(new Date(now))}
              value={form.birthDate}
              onChange={(event) => set({ birthDate: event.target.value })}
              {...of("birthDate")}
            />
          </label>
          {choices("sex", SEXES, (sex) => say(`sex_${sex as (typeof SEXES)[number]}`))}
        </div>
        <div className="pair">
          <label>
            <span>{say("order_date")}</span>
            <input
              className="text"
              type="date"
              value={form.date ?? dayAt(now)}
              onChange={(event) => set({ date: event.target.value })}
              {...of("date")}
            />
          </label>
          <label>
            <span>{say("order_time")}</span>
            <input
              className="text"
              type="time"
              value={form.time ?? clockAt(now)}
              onChange={(event) => set({ time: event.target.value })}
              {...of("time")}
            />
          </label>
        </div>
        <div className="pair">
          {choices("modality", kinds, (kind) => kind)}
          {text("station", 16, { placeholder: say("order_any_station"), list: "order-stations" })}
        </div>
        {text("procedure", 64, { list: "order-procedures" })}
        {kept === null && sites.length > 0 && (
          <label>
            <span>{say("order_site")}</span>
            <select
              className="text"
              value={form.site || sites[0]}
              onChange={(event) => set({ site: event.target.value })}
              {...of("site")}
            >
              {sites.map((site) => (
                <option key={site}>{site}</option>
              ))}
            </select>
          </label>
        )}
        {offered(
          "order-stations",
          listed.map(({ order }) => order.station),
        )}
        {offered("order-procedures", [...usual, ...listed.map(({ order }) => order.procedure)])}
        {error && !fault && <SendFault error={error} />}
        <p className={fault ? "row" : "hidden"} id="order-fault" role="alert">
          {fault && (
            <>
              <Shape status="warn" /> {fault.text}
            </>
          )}
        </p>
        <p className={done ? "row" : "hidden"} role="status" data-kept={done?.order.step_id}>
          {done && (
            <>
              <Shape status="ok" />
              <span>
                {say("order_added", {
                  name: nameIn(done.order.patient_name, language) ?? done.order.patient_id,
                  accession: done.order.accession,
                })}
                {!isInLetters(done.order.patient_name) && <small>{say("order_name_own_alone")}</small>}
              </span>
            </>
          )}
        </p>
        <div className="upload-acts">
          <button type="submit" className="button next" data-action="keep-order" aria-disabled={busy}>
            {say(kept ? "order_save" : "order_add")}
          </button>
          {kept && (
            <button type="button" className="button" onClick={onClose}>
              {say("order_save_not")}
            </button>
          )}
        </div>
      </form>
    </aside>
  );
}

interface NameProps {
  readonly letters: string;
  readonly own: string;
  readonly kept: ListedOrder | null;
}

/** How machines get the name: where family and given name part can be put right by a space. */
function NameAsSent({ letters, own, kept }: NameProps) {
  const { say } = useWords();
  const [, , sound] = groupsOf(kept?.order.patient_name ?? "");
  const name = dicomName(letters, own, sound);
  return (
    <div className="hint order-name" aria-live="polite">
      {name !== "" && <p>{say("order_name_is", { name })}</p>}
      {name !== "" && !isInLetters(name) && (
        <p className="row" data-part="own-alone">
          <Shape status="warn" />
          <span>{say("order_name_own_alone")}</span>
        </p>
      )}
    </div>
  );
}
