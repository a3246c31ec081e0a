import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { momentText } from "../exam/format";
import { Icon, Shape } from "../parts/shapes";
import { addressOf } from "../route";
import { useWords } from "../words/words";
import { findStudies } from "./client";
import {
  type Act,
  type AsideObject,
  asideText,
  bytesAside,
  type Contradiction,
  contradictionText,
  isAnything,
  type OpenMerge,
  type OpenParting,
  type Overview,
  patientText,
  shapeOf,
  sumText,
  whoText,
} from "./identity";
import { SamePerson } from "./SamePerson";
import { SendFault } from "./SendFault";
import { rowOf, type StudyRow } from "./study";
import { type UsedOverview, useDoubts } from "./useIdentity";

interface ButtonProps {
  readonly used: UsedOverview;
  readonly onOpen: () => void;
}

/** How much is doubtful; nothing where nothing is, and for who may not settle it. */
export function IdentityButton({ used: { overview, may }, onOpen }: ButtonProps) {
  const words = useWords();
  if (!may || !isAnything(overview)) {
    return null;
  }
  return (
    <button type="button" className="button" data-action="identity" onClick={onOpen}>
      <Shape status={shapeOf(overview)} />
      {sumText(overview, words)}
    </button>
  );
}

interface Props {
  readonly overview: Overview;
  readonly onClose: () => void;
}

/** What contradicts itself, what was kept aside, who was merged and who was said to be another, and what can be done about each. */
export function IdentityPanel({ overview, onClose }: Props) {
  const words = useWords();
  const { say } = words;
  const { contradictions, aside, decided, merges, partings, error, busy, act } = useDoubts();
  const onAct = (what: Act): void => {
    if (!busy) {
      act(what);
    }
  };
  return (
    <aside className="preview uploads" aria-label={say("doubts")}>
      <div className="row">
        <h2 className="preview-name">{say("doubts")}</h2>
        <span className="space" />
        <button type="button" className="button small square" aria-label={say("upload_close")} onClick={onClose}>
          <Icon name="dismiss" />
        </button>
      </div>
      <p className="hint" role="status" data-contradictions={overview.contradictions} data-aside={overview.aside}>
        {sumText(overview, words)}
      </p>
      {error && <SendFault error={error} />}
      <Part name={say("contradictions")} shown={contradictions.length} count={overview.contradictions}>
        {contradictions.map((one) => (
          <ContradictionRow key={one.id} one={one} busy={busy} onAct={onAct} />
        ))}
      </Part>
      <Part name={say("aside")} shown={aside.length} count={overview.aside}>
        {aside.map((one) => (
          <AsideRow key={one.id} one={one} busy={busy} onAct={onAct} />
        ))}
      </Part>
      <Part name={say("aside_decided")} shown={decided.length} count={overview.decided}>
        {decided.map((one) => (
          <AsideRow key={one.id} one={one} busy={busy} onAct={onAct} />
        ))}
      </Part>
      <Part name={say("merges")} shown={merges.length} count={overview.merges}>
        {merges.map((one) => (
          <SaidRow key={one.id} doubt="merge" one={one} busy={busy} onUndo={() => onAct({ act: "undo", id: one.id })} />
        ))}
      </Part>
      <Part name={say("partings")} shown={partings.length} count={overview.partings}>
        {partings.map((one) => (
          <SaidRow
            key={one.id}
            doubt="parting"
            one={one}
            busy={busy}
            onUndo={() => onAct({ act: "join", id: one.id })}
          />
        ))}
      </Part>
    </aside>
  );
}

interface PartProps {
  readonly name: string;
  readonly shown: number;
  /** How many there are in all. */
  readonly count: number;
  readonly children: ReactNode;
}

function Part({ name, shown, count, children }: PartProps) {
  const { say } = useWords();
  if (shown === 0) {
    return null;
  }
  return (
    <section>
      <h3 className="mid">{name}</h3>
      <ul className="upload-list">{children}</ul>
      {count > shown && <p className="hint">{say("doubts_not_all", { shown, count })}</p>}
    </section>
  );
}

/** A study as the list has it; `null` while it is not known, and where it is not here. */
function useStudy(uid: string): StudyRow | null {
  const words = useWords();
  const { data } = useQuery({
    queryKey: ["study", uid],
    queryFn: ({ signal }) => findStudies(new URLSearchParams({ StudyInstanceUID: uid }).toString(), signal),
  });
  return data?.found[0] ? rowOf(data.found[0], words) : null;
}

function OfStudy({ uid }: { readonly uid: string }) {
  const { say } = useWords();
  const row = useStudy(uid);
  return (
    <>
      <span>
        {/* The study of an object that was kept aside may have nothing else here. */}
        {row ? (
          <a href={addressOf({ page: "studies", exam: null, study: uid })}>{row.name ?? say("study_without_name")}</a>
        ) : (
          say("study_without_name")
        )}
        {row?.id && ` · ${row.id}`}
      </span>
      <small>{[row?.date, row?.description].filter(Boolean).join(" · ")}</small>
    </>
  );
}

interface RowProps<T> {
  readonly one: T;
  readonly busy: boolean;
  readonly onAct: (act: Act) => void;
}

function ContradictionRow({ one, busy, onAct }: RowProps<Contradiction>) {
  const words = useWords();
  const { say } = words;
  const [asks, setAsks] = useState(false);
  return (
    <li className="upload" data-doubt="contradiction" data-about={one.about}>
      <Shape status="warn" />
      <span className="two">
        <OfStudy uid={one.study_uid} />
        <small>{contradictionText(one, words)}</small>
        <span className="send-acts">
          <button
            type="button"
            className="button small"
            data-action="settle"
            aria-disabled={busy}
            onClick={() => onAct({ act: "settle", id: one.id })}
          >
            {say(one.of_study ? "contradiction_same" : "contradiction_none")}
          </button>
          {/* Under another identifier it is a patient's of its own already: who that is, the next button says. */}
          {one.about !== "patient_id" && (
            <button
              type="button"
              className="button small"
              data-action="part"
              aria-disabled={busy}
              onClick={() => onAct({ act: "part", id: one.id })}
            >
              {say("contradiction_other")}
            </button>
          )}
          <button
            type="button"
            className="button small"
            data-action="same-person"
            aria-expanded={asks}
            onClick={() => setAsks(!asks)}
          >
            {say("same_person")}
          </button>
        </span>
        {asks && (
          <SamePerson
            study={one.study_uid}
            start={one.about === "patient_id" ? one.other : ""}
            busy={busy}
            onChoose={(target) =>
              onAct({
                act: "merge",
                merge: { source_study: one.study_uid, target_study: target },
                settles: one.id,
              })
            }
          />
        )}
      </span>
    </li>
  );
}

/** What opens at the lower edge of the list would lie below it. */
function bringIntoView(opened: HTMLElement | null): void {
  opened?.scrollIntoView({ block: "nearest" });
}

function AsideRow({ one, busy, onAct }: RowProps<AsideObject>) {
  const words = useWords();
  const { say } = words;
  const [asks, setAsks] = useState(false);
  const { decided_by, decided_at_ms } = one;
  const isDecided = decided_by !== null && decided_at_ms !== null;
  return (
    <li className="upload" data-doubt={isDecided ? "decided" : "aside"}>
      <Shape status={isDecided ? "ok" : "warn"} />
      <span className="two">
        <OfStudy uid={one.study_uid} />
        <small>{say("aside_from", { origin: one.origin, when: momentText(one.at_ms, Date.now(), words) })}</small>
        <small>{asideText(one, words)}</small>
        {isDecided && (
          <small>
            {say("aside_decided_by", {
              who: whoText(decided_by, words),
              when: momentText(decided_at_ms, Date.now(), words),
            })}
          </small>
        )}
        <span className="send-acts">
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
          {/* Where another one has the UID that is not seen, whoever sees it decides. */}
          {one.kept_study !== null && (
            <button
              type="button"
              className="button small"
              data-action="take"
              aria-expanded={asks}
              onClick={() => setAsks(!asks)}
            >
              {say("aside_take")}
            </button>
          )}
        </span>
        {asks && (
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
      </span>
    </li>
  );
}

interface SaidRowProps {
  readonly doubt: "merge" | "parting";
  readonly one: OpenMerge | OpenParting;
  readonly busy: boolean;
  readonly onUndo: () => void;
}

/** What a person has said of who is who, with the study that it is of where it is of one alone. */
function SaidRow({ doubt, one, busy, onUndo }: SaidRowProps) {
  const words = useWords();
  const { say } = words;
  const patients = { source: patientText(one.source, words), target: patientText(one.target, words) };
  return (
    <li className="upload" data-doubt={doubt}>
      <Shape status="ok" />
      <span className="two">
        {"study_uid" in one ? (
          <>
            <OfStudy uid={one.study_uid} />
            <small>{say("parting_says", patients)}</small>
          </>
        ) : (
          <span>{say("merge_says", patients)}</span>
        )}
        <small>
          {say("merge_by", { who: whoText(one.who, words), when: momentText(one.at_ms, Date.now(), words) })}
        </small>
        <span className="send-acts">
          <button
            type="button"
            className="button small"
            data-action={`undo-${doubt}`}
            aria-disabled={busy}
            onClick={onUndo}
          >
            {say("merge_undo")}
          </button>
        </span>
      </span>
    </li>
  );
}
