import { useState } from "react";
import { useWords } from "../words/words";
import { DoubtAct, DoubtRow } from "./DoubtRow";
import { type Act, type ContradictedStudy, contradictionText, explainedBy } from "./identity";
import { SamePerson } from "./SamePerson";

interface Props {
  readonly of: ContradictedStudy;
  readonly busy: boolean;
  readonly onAct: (act: Act) => void;
}

/** A study with all that contradicts itself about who was examined in it: whose it is is said once. */
export function ContradictedRow({ of: { study_uid, contradictions }, busy, onAct }: Props) {
  const words = useWords();
  const { say } = words;
  const [asks, setAsks] = useState(false);
  const ids = contradictions.map(({ id }) => id);
  const several = contradictions.length > 1;
  const ofStudy = contradictions.some(({ of_study }) => of_study);
  // Under another identifier it is a patient's of its own already: who that is, the last button says.
  const parts = contradictions.find(({ about }) => about !== "patient_id");
  const identifier = contradictions.find(({ about }) => about === "patient_id");
  return (
    <DoubtRow
      doubt="contradiction"
      status="warn"
      study={study_uid}
      acts={
        <>
          <DoubtAct action="settle" busy={busy} onAct={() => onAct({ act: "settle", ids })}>
            {say(ofStudy ? "contradiction_same" : several ? "contradiction_none_all" : "contradiction_none")}
          </DoubtAct>
          {parts && (
            <DoubtAct action="part" busy={busy} onAct={() => onAct({ act: "part", id: parts.id })}>
              {say("contradiction_other")}
            </DoubtAct>
          )}
          <DoubtAct action="same-person" opened={asks} onAct={() => setAsks(!asks)}>
            {say("same_person")}
          </DoubtAct>
        </>
      }
      opened={
        asks && (
          <SamePerson
            study={study_uid}
            start={identifier?.other ?? ""}
            busy={busy}
            onChoose={(target) =>
              onAct({
                act: "merge",
                merge: { source_study: study_uid, target_study: target },
                settles: explainedBy(contradictions),
              })
            }
          />
        )
      }
    >
      {contradictions.map((one) => (
        <span key={one.id} className="contradiction" data-about={one.about}>
          <small>{contradictionText(one, words)}</small>
          {several && (
            <DoubtAct
              action="settle-one"
              label={`${say("contradiction_none")}: ${say(`contradiction_${one.about}`)}`}
              busy={busy}
              onAct={() => onAct({ act: "settle", ids: [one.id] })}
            >
              {say("contradiction_none")}
            </DoubtAct>
          )}
        </span>
      ))}
    </DoubtRow>
  );
}
