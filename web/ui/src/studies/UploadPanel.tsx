import { Icon, Shape, type Status } from "../parts/shapes";
import { faultText } from "../words/fault";
import { percent } from "../words/numbers";
import { useWords, type Words } from "../words/words";
import { sumOf, type Upload, type UploadState, type Uploads } from "./uploads";

interface Props {
  readonly uploads: Uploads;
  readonly all: readonly Upload[];
  readonly onClose: () => void;
}

/** So many files are listed; those that failed come first. */
const LISTED = 200;

const SHAPES: Readonly<Record<UploadState["kind"], Status>> = {
  kept: "ok",
  aside: "warn",
  failed: "stop",
  waiting: "off",
  sending: "info",
};

/** What becomes of each file that is added. */
export function UploadPanel({ uploads, all, onClose }: Props) {
  const words = useWords();
  const { say } = words;
  const { done, failed } = sumOf(all);
  const rank = ({ state }: Upload): number => (state.kind === "failed" ? 0 : state.kind === "aside" ? 1 : 2);
  const listed = all.toSorted((a, b) => rank(a) - rank(b)).slice(0, LISTED);
  return (
    <aside className="preview uploads" aria-label={say("upload")}>
      <div className="row">
        <h2 className="preview-name">{say("upload")}</h2>
        <span className="space" />
        <button type="button" className="button small square" aria-label={say("upload_close")} onClick={onClose}>
          <Icon name="dismiss" />
        </button>
      </div>
      <p className="hint" role="status" data-done={done} data-failed={failed}>
        {say("upload_done", { done, all: all.length })}
        {failed > 0 && ` · ${say("upload_failed_count", { count: failed })}`}
      </p>
      <ul className="upload-list">
        {listed.map(({ id, name, state }) => (
          <li key={id} className="upload" data-upload={state.kind}>
            <Shape status={SHAPES[state.kind]} />
            <span className="two">
              <span>{name}</span>
              <small>{stateText(state, words)}</small>
            </span>
          </li>
        ))}
      </ul>
      <span className="space" />
      <div className="upload-acts">
        {failed > 0 && (
          <button type="button" className="button" data-action="retry" onClick={() => uploads.retry()}>
            {say("upload_retry", { count: failed })}
          </button>
        )}
        <button type="button" className="button" onClick={() => uploads.clear()}>
          {say("upload_dismiss")}
        </button>
      </div>
    </aside>
  );
}

/** In English the node's own words say most; else its key does, with the number of the standard. */
function failureText({ reason, code, lost }: Extract<UploadState, { kind: "failed" }>, words: Words): string {
  const { say, language } = words;
  if (lost) {
    return say("upload_lost");
  }
  if (language === "en" || code === null) {
    return reason || say("upload_unclear");
  }
  const [number = ""] = reason.match(/\(0x[0-9A-F]{4}\)$/) ?? [];
  return faultText({ error: reason, code }, words) + number;
}

function stateText(state: UploadState, words: Words): string {
  const { say, language } = words;
  switch (state.kind) {
    case "waiting":
      return say("upload_waiting");
    case "sending":
      return say("upload_sending", { share: percent(String(Math.round(state.share * 100)), language) });
    case "kept":
      return say("upload_kept");
    case "aside":
      return say("upload_aside");
    case "failed":
      return say("upload_failed", { reason: failureText(state, words) });
  }
}
