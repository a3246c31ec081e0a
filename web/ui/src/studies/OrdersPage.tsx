import { useEffect, useRef, useState } from "react";
import { mayDo, useSession } from "../access/session";
import { GoLink } from "../parts/GoLink";
import { Icon, Shape } from "../parts/shapes";
import type { Route } from "../route";
import { type Language, useWords } from "../words/words";
import { NodeError, reasonText } from "./client";
import { type Day, dayAt, daysBefore } from "./dates";
import { OrderLine } from "./OrderLine";
import { OrderPanel } from "./OrderPanel";
import { type ListedOrder, type OrderState, rowOf, STATES } from "./orders";
import { StudiesTop } from "./StudiesTop";
import { Turns, useTurns } from "./Turns";
import { useNow } from "./useNow";
import { type UsedOrders, useOrders } from "./useOrders";

/** Where the form has room beside the list. */
const WITH_FORM = "(min-width: 1200px)";

interface Props {
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** A day's orders, as the machines have them on their worklist, and a form for whoever comes to the desk. */
export function OrdersPage({ onLanguage, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const may = mayDo(useSession(), "order");
  const today = dayAt(useNow());
  // `null`: today, also after midnight.
  const [chosen, setChosen] = useState<Day | null>(null);
  const [state, setState] = useState<OrderState | "">("");
  // What asks for each page that was gone through, the present one last.
  const [pages, setPages] = useState<readonly string[]>([]);
  const [form, setForm] = useState<"new" | ListedOrder | null>(() =>
    may && window.matchMedia(WITH_FORM).matches ? "new" : null,
  );
  const opens = useRef<HTMLButtonElement>(null);
  const closed = useRef(false);
  useEffect(() => {
    // Whoever closes the form goes on at what opens it.
    if (form === null && closed.current) {
      opens.current?.focus();
    }
    closed.current = false;
  }, [form]);
  const beside = form && ({ name: form === "new" ? "order_new" : "order_change", opened: true } as const);
  const turns = useTurns(beside);
  const day = chosen ?? today;
  const used = useOrders(day, state, pages.at(-1) ?? null);
  const orders = used.listed?.orders ?? [];
  const toDay = (next: Day): void => {
    setChosen(next === today ? null : next);
    setPages([]);
  };
  return (
    <div className={form === null ? "studies" : "studies with-order"} data-shows={turns.shows}>
      <StudiesTop onLanguage={onLanguage} onGo={onGo}>
        <GoLink route={{ page: "studies", exam: null }} onGo={onGo}>
          {say("to_studies")}
        </GoLink>
        <span className="rule" />
        <span className="mid">{say("orders")}</span>
      </StudiesTop>
      <Turns list="orders" beside={beside} turns={turns} />
      <div className="finder">
        <div className="ask">
          <span className="row">
            <button
              type="button"
              className="button square"
              data-action="day-before"
              aria-label={say("orders_day_before")}
              onClick={() => toDay(daysBefore(day, 1))}
            >
              <Icon name="back" />
            </button>
            <label className="chip">
              <span className="hidden">{say("orders_day")}</span>
              <input
                type="date"
                required={true}
                data-filter="day"
                value={day}
                onChange={(event) => event.target.value !== "" && toDay(event.target.value)}
              />
            </label>
            <button
              type="button"
              className="button square"
              data-action="day-after"
              aria-label={say("orders_day_after")}
              onClick={() => toDay(daysBefore(day, -1))}
            >
              <Icon name="next" />
            </button>
          </span>
          {chosen !== null && (
            <button type="button" className="button" data-action="today" onClick={() => toDay(today)}>
              {say("period_today")}
            </button>
          )}
          <label className="chip">
            <span className="hidden">{say("orders_state")}</span>
            <select
              value={state}
              data-filter="state"
              onChange={(event) => {
                setState(event.target.value as OrderState | "");
                setPages([]);
              }}
            >
              <option value="">{say("orders_any_state")}</option>
              {STATES.map((each) => (
                <option key={each} value={each}>
                  {say(`order_state_${each}`)}
                </option>
              ))}
            </select>
          </label>
          {orders.length > 0 && (
            <span className="faint small" role="status">
              {say("orders_count", { count: orders.length })}
            </span>
          )}
          <span className="space" />
          {may && form === null && (
            <button
              type="button"
              ref={opens}
              className="button next"
              data-action="new-order"
              onClick={() => setForm("new")}
            >
              {say("order_new")}
            </button>
          )}
        </div>
        <div className="study-head order" aria-hidden="true">
          <span>{say("order_time")}</span>
          <span>{say("column_patient")}</span>
          <span>{say("order_procedure")}</span>
          <span>{say("column_accession")}</span>
          <span>{say("orders_state")}</span>
        </div>
        <div className={used.stale ? "study-rows stale" : "study-rows"} data-count={orders.length}>
          {orders.map((order) => (
            <OrderLine
              key={order.order.step_id}
              row={rowOf(order, words)}
              may={may}
              changing={form !== null && form !== "new" && form.order.step_id === order.order.step_id}
              onChange={() => setForm(order)}
            />
          ))}
          <Nothing used={used} state={state} />
        </div>
        <Pages
          earlier={pages.length > 0}
          later={used.listed?.next ?? null}
          onEarlier={() => setPages(pages.slice(0, -1))}
          onLater={(next) => setPages([...pages, next])}
        />
      </div>
      {form !== null && (
        <OrderPanel
          key={form === "new" ? "new" : form.order.step_id}
          kept={form === "new" ? null : form}
          listed={orders}
          onKept={(kept) => {
            // Whoever was registered for another day is seen there.
            toDay(kept);
            if (form !== "new") {
              setForm(window.matchMedia(WITH_FORM).matches ? "new" : null);
            }
          }}
          onClose={() => {
            setForm(null);
            closed.current = true;
          }}
        />
      )}
      <footer className="status">
        <span className="item">{say("orders_hint")}</span>
      </footer>
    </div>
  );
}

/** What stands where no row is: why, and what can be done. */
function Nothing({ used, state }: { readonly used: UsedOrders; readonly state: OrderState | "" }) {
  const words = useWords();
  const { say } = words;
  const { listed, error } = used;
  if (error) {
    const missing = error instanceof NodeError && error.status === 404;
    return (
      <div className="nothing" role="alert">
        <p className="row">
          <Shape status="stop" />
          {missing ? say("no_node") : say("orders_fail", { reason: reasonText(error, words) })}
        </p>
        <button type="button" className="button" onClick={used.again}>
          {say("try_again")}
        </button>
      </div>
    );
  }
  if (!listed) {
    return (
      <div className="grey-rows" aria-hidden="true">
        {Array.from({ length: 8 }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: grey blocks, all alike.
          <span key={at} className="grey" />
        ))}
      </div>
    );
  }
  return listed.orders.length > 0 ? null : (
    <p className="nothing hint" role="status">
      {say(state === "" ? "orders_none" : "orders_none_of_state")}
    </p>
  );
}

interface PagesProps {
  readonly earlier: boolean;
  readonly later: string | null;
  readonly onEarlier: () => void;
  readonly onLater: (next: string) => void;
}

function Pages({ earlier, later, onEarlier, onLater }: PagesProps) {
  const { say } = useWords();
  if (!earlier && later === null) {
    return null;
  }
  return (
    <nav className="pages" aria-label={say("pages")}>
      <button type="button" className="button small" aria-disabled={!earlier} onClick={() => earlier && onEarlier()}>
        <Icon name="back" />
        {say("orders_earlier")}
      </button>
      <button
        type="button"
        className="button small"
        aria-disabled={later === null}
        onClick={() => later !== null && onLater(later)}
      >
        {say("orders_later")}
        <Icon name="next" />
      </button>
    </nav>
  );
}
