import { useEffect, useRef, useState } from "react";
import { Icon, Shape } from "../parts/shapes";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { reasonText } from "./client";
import { type OrderRow, SHAPES } from "./orders";
import { useOrderActs } from "./useOrders";

interface Props {
  readonly row: OrderRow;
  /** Whoever sits here may change and cancel. */
  readonly may: boolean;
  /** It is in the form. */
  readonly changing: boolean;
  readonly onChange: () => void;
}

/** An order as a row: when, who, what and where, by which number, and how it stands. */
export function OrderLine({ row, may, changing, onChange }: Props) {
  const { say } = useWords();
  const [asks, setAsks] = useState(false);
  const line = useRef<HTMLDivElement>(null);
  const opens = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);
  useEffect(() => {
    // Whoever has thought better of it goes on from there.
    if (!asks && asked.current) {
      opens.current?.focus();
    }
    asked.current = asks;
  }, [asks]);
  const shape = SHAPES[row.state];
  const name = row.name ?? row.id;
  const isOpen = may && row.state === "scheduled";
  return (
    <div
      ref={line}
      className="study-row order"
      tabIndex={-1}
      data-order={row.step}
      data-patient={row.id}
      data-state={row.state}
      aria-current={changing || undefined}
    >
      <span className="order-time">{row.time ?? NONE}</span>
      <span className="two">
        <b>{row.name ?? say("study_without_name")}</b>
        <small>{[row.person, row.id, row.site].filter(Boolean).join(" · ")}</small>
      </span>
      <span className="two">
        <span>{[row.modality, row.procedure].filter(Boolean).join(" · ")}</span>
        <small>{row.station || say("order_any_station")}</small>
      </span>
      <span className="order-number">{row.accession || NONE}</span>
      <span className="standing">
        <span className="row order-state">
          {shape ? <Shape status={shape} /> : <span className="live-dot" />}
          {say(`order_state_${row.state}`)}
        </span>
        {isOpen && (
          <>
            <button
              type="button"
              className="button small"
              data-action="change-order"
              aria-label={say("order_change_of", { name })}
              onClick={onChange}
            >
              {say("order_change")}
            </button>
            <button
              type="button"
              ref={opens}
              className="button small"
              data-action="cancel-order"
              aria-label={say("order_cancel_of", { name })}
              onClick={() => setAsks(true)}
            >
              {say("order_cancel")}
            </button>
          </>
        )}
      </span>
      {isOpen && asks && (
        <CancelAsk step={row.step} name={name} onNot={() => setAsks(false)} onDone={() => line.current?.focus()} />
      )}
    </div>
  );
}

interface AskProps {
  readonly step: string;
  readonly name: string;
  readonly onNot: () => void;
  readonly onDone: () => void;
}

/** Whether it shall really be cancelled; a machine that begins meanwhile has answered. */
function CancelAsk({ step, name, onNot, onDone }: AskProps) {
  const words = useWords();
  const { say } = words;
  const { error, busy, act } = useOrderActs();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a question with its two answers, not fields of a form.
    <div
      className="order-ask"
      role="group"
      aria-label={say("order_cancel_ask", { name })}
      onKeyDown={(event) => event.key === "Escape" && onNot()}
    >
      <p className="said" role={error === null ? undefined : "alert"}>
        <Shape status={error === null ? "info" : "warn"} />
        <span>{error === null ? say("order_cancel_ask", { name }) : reasonText(error, words)}</span>
      </p>
      <button
        type="button"
        className="button small"
        data-action="cancel-now"
        aria-disabled={busy}
        onClick={() => !busy && act({ act: "cancel", step }, onDone)}
      >
        <Icon name="dismiss" />
        {say("order_cancel_now")}
      </button>
      <button type="button" ref={keep} className="button small" data-action="cancel-not" onClick={onNot}>
        {say("order_cancel_not")}
      </button>
    </div>
  );
}
