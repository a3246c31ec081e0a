import type { ReactNode } from "react";
import { momentText } from "../exam/format";
import { Icon, Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { AsideRow } from "./AsideRow";
import { ContradictedRow } from "./ContradictedRow";
import { DoubtAct, DoubtRow } from "./DoubtRow";
import {
  type Act,
  byStudy,
  isAnything,
  type Overview,
  patientTexts,
  shapeOf,
  sumText,
  type WhoIsWho,
  whoText,
} from "./identity";
import { SendFault } from "./SendFault";
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
        {byStudy(contradictions).map((of) => (
          <ContradictedRow key={of.study_uid} of={of} busy={busy} onAct={onAct} />
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

interface SaidRowProps {
  readonly doubt: "merge" | "parting";
  readonly one: WhoIsWho;
  readonly busy: boolean;
  readonly onUndo: () => void;
}

/** What a person has said of who is who, with the study that it is of where it is of one alone. */
function SaidRow({ doubt, one, busy, onUndo }: SaidRowProps) {
  const words = useWords();
  const { say } = words;
  const patients = patientTexts(one, words);
  return (
    <DoubtRow
      doubt={doubt}
      status="ok"
      study={one.study_uid}
      acts={
        <DoubtAct action={`undo-${doubt}`} busy={busy} onAct={onUndo}>
          {say("merge_undo")}
        </DoubtAct>
      }
    >
      {one.study_uid === null ? (
        <span>{say("merge_says", patients)}</span>
      ) : (
        <small>{say("parting_says", patients)}</small>
      )}
      <small>{say("merge_by", { who: whoText(one.who, words), when: momentText(one.at_ms, Date.now(), words) })}</small>
    </DoubtRow>
  );
}
