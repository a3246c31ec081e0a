import { useState } from "react";
import { momentText } from "../exam/format";
import { Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { DifferencesOf } from "./DifferencesOf";
import { type Act, type AsideObject, asideTexts, bytesAside, whoText } from "./identity";
import { OfStudy } from "./OfStudy";

interface Props {
  readonly one: AsideObject;
  readonly busy: boolean;
  readonly onAct: (act: Act) => void;
}

/** What opens at the lower edge of the list would lie below it. */
function bringIntoView(opened: HTMLElement | null): void {
  opened?.scrollIntoView({ block: "nearest" });
}

/** An object that lies aside, and the one that is handed out: where each came from, how they differ, and which shall be handed out. */
export function AsideRow({ one, busy, onAct }: Props) {
  const words = useWords();
  const { say } = words;
  const [opened, setOpened] = useState<"differences" | "take" | null>(null);
  const toggle = (what: "differences" | "take"): void => setOpened(opened === what ? null : what);
  const { decided_by, decided_at_ms, kept } = one;
  const isDecided = decided_by !== null && decided_at_ms !== null;
  const [lies, hasUid] = asideTexts(one, Date.now(), words);
  return (
    <li className="upload" data-doubt={isDecided ? "decided" : "aside"}>
      <Shape status={isDecided ? "ok" : "warn"} />
      <div className="two">
        <OfStudy uid={one.study_uid} />
        <small data-part="kept">{hasUid}</small>
        <small>{lies}</small>
        {isDecided && (
          <small>
            {say("aside_decided_by", {
              who: whoText(decided_by, words),
              when: momentText(decided_at_ms, Date.now(), words),
            })}
          </small>
        )}
        <span className="send-acts">
          {/* Where another one has the UID that is not seen, whoever sees it decides. */}
          {kept !== null && (
            <button
              type="button"
              className="button small"
              data-action="differences"
              aria-expanded={opened === "differences"}
              onClick={() => toggle("differences")}
            >
              {say("aside_differences")}
            </button>
          )}
          <a className="button small" data-action="download" href={bytesAside(one)} download>
            {say("aside_download")}
          </a>
          {!isDecided && (
            <button
              type="button"
              className="button small"
              data-action="reject"
              aria-disabled={busy}
              onClick={() => onAct({ act: "reject", id: one.id })}
            >
              {say("aside_reject")}
            </button>
          )}
          {kept !== null && (
            <button
              type="button"
              className="button small"
              data-action="take"
              aria-expanded={opened === "take"}
              onClick={() => toggle("take")}
            >
              {say("aside_take")}
            </button>
          )}
        </span>
        {opened === "differences" && <DifferencesOf one={one} />}
        {opened === "take" && (
          <span className="two" data-part="take" ref={bringIntoView}>
            <small>{say("aside_take_why")}</small>
            <span className="send-acts">
              <button
                type="button"
                className="button small"
                data-action="take-now"
                aria-disabled={busy}
                onClick={() => onAct({ act: "take", id: one.id })}
              >
                {say("aside_take_now")}
              </button>
            </span>
          </span>
        )}
      </div>
    </li>
  );
}
