import { useQuery } from "@tanstack/react-query";
import { Icon, Shape } from "../parts/shapes";
import { addressOf } from "../route";
import { useWords } from "../words/words";
import { findStudies } from "./client";
import { SendFault } from "./SendFault";
import { isFetching, moreText, nodeOf, type Queued, settled, shapeOf, stateOf, sumText } from "./sending";
import { rowOf } from "./study";
import type { UsedSendings } from "./useSendings";

interface ButtonProps {
  readonly used: UsedSendings;
  readonly onOpen: () => void;
}

/** How many are under way, wait to be tried again and failed; nothing where nobody has sent anything. */
export function SendingsButton({ used: { queue }, onOpen }: ButtonProps) {
  const words = useWords();
  const { all, open, again, failed } = queue;
  if (all === 0) {
    return null;
  }
  return (
    <button type="button" className="button" data-action="sendings" onClick={onOpen}>
      <Shape status={failed > 0 ? "stop" : again > 0 ? "warn" : open > 0 ? "info" : "ok"} />
      {sumText(queue, words)}
    </button>
  );
}

interface Props {
  readonly used: UsedSendings;
  readonly onClose: () => void;
}

/** The queue of what is sent to other nodes and fetched from them. */
export function SendPanel({ used: { queue, listed, error, busy, change, clear }, onClose }: Props) {
  const words = useWords();
  const { say } = words;
  const { all, open, again, failed } = queue;
  const more = moreText(queue, words);
  return (
    <aside className="preview uploads" aria-label={say("sendings")}>
      <div className="row">
        <h2 className="preview-name">{say("sendings")}</h2>
        <span className="space" />
        <button type="button" className="button small square" aria-label={say("upload_close")} onClick={onClose}>
          <Icon name="dismiss" />
        </button>
      </div>
      <p className="hint" role="status" data-all={all} data-open={open} data-again={again} data-failed={failed}>
        {[sumText(queue, words), more].filter(Boolean).join(" · ")}
      </p>
      {error && <SendFault error={error} />}
      {settled(listed).length > 0 && (
        <button
          type="button"
          className="button line"
          data-action="clear-sendings"
          aria-disabled={busy}
          onClick={() => !busy && clear()}
        >
          {say("sendings_clear", { count: settled(listed).length })}
        </button>
      )}
      <ul className="upload-list">
        {listed.map((one) => (
          <Row key={one.id} queued={one} busy={busy} onChange={(what) => change(one.id, what)} />
        ))}
      </ul>
    </aside>
  );
}

interface RowProps {
  readonly queued: Queued;
  readonly busy: boolean;
  readonly onChange: (what: "retry" | "cancel") => void;
}

function Row({ queued, busy, onChange }: RowProps) {
  const words = useWords();
  const { say } = words;
  const { study_uid: study, series_uid, state, fault } = queued;
  const { data } = useQuery({
    queryKey: ["study", study],
    queryFn: ({ signal }) => findStudies(new URLSearchParams({ StudyInstanceUID: study }).toString(), signal),
  });
  const row = data?.found[0] && rowOf(data.found[0], words);
  const way = isFetching(queued) ? `← ${nodeOf(queued)}` : `→ ${nodeOf(queued)}`;
  const canRetry = state === "failed" || state === "cancelled" || (state === "waiting" && fault !== null);
  const canCancel = state === "waiting" || state === "running" || state === "failed";
  return (
    <li className="upload" data-sending={state}>
      <Shape status={shapeOf(queued)} />
      <span className="two">
        <span>
          {row ? (
            <a href={addressOf({ page: "studies", exam: null, study })}>{row.name ?? say("study_without_name")}</a>
          ) : (
            data && say("nodes_not_here")
          )}{" "}
          {way}
        </span>
        <small>{[row?.date, series_uid && say("send_one_series"), row?.description].filter(Boolean).join(" · ")}</small>
        <small>{stateOf(queued, words, Date.now())}</small>
        {(canRetry || canCancel) && (
          <span className="send-acts">
            {canRetry && (
              <button
                type="button"
                className="button small"
                data-action="retry"
                aria-disabled={busy}
                onClick={() => !busy && onChange("retry")}
              >
                {say("try_again")}
              </button>
            )}
            {canCancel && (
              <button
                type="button"
                className="button small"
                data-action="cancel"
                aria-disabled={busy}
                onClick={() => !busy && onChange("cancel")}
              >
                {say("send_cancel")}
              </button>
            )}
          </span>
        )}
      </span>
    </li>
  );
}
