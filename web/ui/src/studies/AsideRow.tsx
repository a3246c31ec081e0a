import { useState } from "react";
import { momentText } from "../exam/format";
import { useWords } from "../words/words";
import { DifferencesOf } from "./DifferencesOf";
import { DoubtAct, DoubtRow } from "./DoubtRow";
import { type Act, type AsideObject, asideTexts, bytesAside, whoText } from "./identity";

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
    <DoubtRow
      doubt={isDecided ? "decided" : "aside"}
      status={isDecided ? "ok" : "warn"}
      study={one.study_uid}
      acts={
        <>
          {/* Where another one has the UID that is not seen, whoever sees it decides. */}
          {kept !== null && (
            <DoubtAct action="differences" opened={opened === "differences"} onAct={() => toggle("differences")}>
              {say("aside_differences")}
            </DoubtAct>
          )}
          <a className="button small" data-action="download" href={bytesAside(one)} download>
            {say("aside_download")}
          </a>
          {!isDecided && (
            <DoubtAct action="reject" busy={busy} onAct={() => onAct({ act: "reject", id: one.id })}>
              {say("aside_reject")}
            </DoubtAct>
          )}
          {kept !== null && (
            <DoubtAct action="take" opened={opened === "take"} onAct={() => toggle("take")}>
              {say("aside_take")}
            </DoubtAct>
          )}
        </>
      }
      opened={
        <>
          {opened === "differences" && <DifferencesOf one={one} />}
          {opened === "take" && (
            <span className="two" data-part="take" ref={bringIntoView}>
              <small>{say("aside_take_why")}</small>
              <span className="send-acts">
                <DoubtAct action="take-now" busy={busy} onAct={() => onAct({ act: "take", id: one.id })}>
                  {say("aside_take_now")}
                </DoubtAct>
              </span>
            </span>
          )}
        </>
      }
    >
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
    </DoubtRow>
  );
}
