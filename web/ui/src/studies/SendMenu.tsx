import { useId, useRef, useState } from "react";
import { standsUnder } from "../parts/popover";
import { Icon, Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { SendFault } from "./SendFault";
import { isFetching, nodeOf, shapeOf, stateOf } from "./sending";
import type { SeriesStrip } from "./study";
import { useSend, useSendings } from "./useSendings";

interface Props {
  readonly study: string;
  readonly strips: readonly SeriesStrip[];
}

/** The button that has a study, or a series of it, sent to another node; how that goes stands below it. Without such nodes there is none. */
export function SendMenu({ study, strips }: Props) {
  const words = useWords();
  const { say } = words;
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const [series, setSeries] = useState("");
  const { neighbours, error, busy, send } = useSend();
  const ofStudy = useSendings().listed.filter((one) => one.study_uid === study && !isFetching(one));
  if (neighbours.length === 0) {
    return null;
  }
  const latest = ofStudy.toSorted((a, b) => b.at_ms - a.at_ms)[0];
  return (
    <>
      {latest && (
        <span className="row small quiet" role="status" data-sending={latest.state}>
          <Shape status={shapeOf(latest)} />
          {nodeOf(latest)}: {say(`send_short_${latest.state}`)}
        </span>
      )}
      <button ref={button} type="button" className="button small" popoverTarget={id} data-action="send">
        <Icon name="next" />
        {say("send")}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        className="hanging"
        role="dialog"
        aria-label={say("send_title")}
        onBeforeToggle={(event) => standsUnder(button.current, event)}
      >
        <h2 className="preview-name">{say("send_title")}</h2>
        {strips.length > 1 && (
          <label className="chip">
            <span className="hidden">{say("send_what")}</span>
            <select value={series} onChange={(event) => setSeries(event.target.value)} data-filter="send-what">
              <option value="">{say("send_whole")}</option>
              {strips.map(({ uid, description, number }) => (
                <option key={uid} value={uid}>
                  {description ?? `${say("series_word")} ${number ?? ""}`}
                </option>
              ))}
            </select>
          </label>
        )}
        <div className="send-to">
          {neighbours.map((to) => (
            <button
              key={to}
              type="button"
              className="button"
              data-to={to}
              aria-disabled={busy}
              onClick={() => !busy && send({ to, study_uid: study, ...(series && { series_uid: series }) })}
            >
              {say("send_to", { to })}
            </button>
          ))}
        </div>
        {error && <SendFault error={error} />}
        <ul className="upload-list">
          {ofStudy.map((one) => (
            <li key={one.id} className="upload">
              <Shape status={shapeOf(one)} />
              <span className="two">
                <span>{[nodeOf(one), one.series_uid && say("send_one_series")].filter(Boolean).join(" · ")}</span>
                <small>{stateOf(one, words, Date.now())}</small>
              </span>
            </li>
          ))}
        </ul>
        <button type="button" className="button small" onClick={() => menu.current?.hidePopover()}>
          {say("upload_close")}
        </button>
      </div>
    </>
  );
}
