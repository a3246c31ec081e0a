import { useState } from "react";
import { Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { type Act, type ContradictedStudy, contradictionText, explainedBy } from "./identity";
import { OfStudy } from "./OfStudy";
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
  const ofStudy = contradictions.some(({ of_study }) => of_study);
  // Under another identifier it is a patient's of its own already: who that is, the last button says.
  const parts = contradictions.find(({ about }) => about !== "patient_id");
  const identifier = contradictions.find(({ about }) => about === "patient_id");
  return (
    <li className="upload" data-doubt="contradiction">
      <Shape status="warn" />
      <span className="two">
        <OfStudy uid={study_uid} />
        {contradictions.map((one) => (
          <span key={one.id} className="contradiction" data-about={one.about}>
            <small>{contradictionText(one, words)}</small>
            {contradictions.length > 1 && (
              <button
                type="button"
                className="button small"
                data-action="settle-one"
                aria-label={`${say("contradiction_none")}: ${say(`contradiction_${one.about}`)}`}
                aria-disabled={busy}
                onClick={() => onAct({ act: "settle", ids: [one.id] })}
              >
                {say("contradiction_none")}
              </button>
            )}
          </span>
        ))}
        <span className="send-acts">
          <button
            type="button"
            className="button small"
            data-action="settle"
            aria-disabled={busy}
            onClick={() => onAct({ act: "settle", ids })}
          >
            {say(ofStudy ? "contradiction_same" : "contradiction_none")}
          </button>
          {parts && (
            <button
              type="button"
              className="button small"
              data-action="part"
              aria-disabled={busy}
              onClick={() => onAct({ act: "part", id: parts.id })}
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
        )}
      </span>
    </li>
  );
}
