/** The comparison with an earlier examination: what a lesion was, whose examination it was, and what was not seen this time. */
import type { Comparison, LesionReport } from "../exam/api";
import { changeText, choicesOf, earlierLesion, holds, longest, longText, placeWithin } from "../exam/before";
import { standingOf, valueIn } from "../exam/field";
import { dateText, placeText, sexAndAge, sizeLine } from "../exam/format";
import { Shape } from "../parts/shapes";
import { useWords } from "../words/words";
import { saying, useReview } from "./context";
import { Option, Row } from "./inputs";

/** Which earlier lesion this one was, or that it is new. */
export function BeforeRow({ lesion }: { readonly lesion: LesionReport }) {
  const words = useWords();
  const { say } = words;
  const { act, view } = useReview();
  const { comparison } = view.report;
  if (!comparison || !holds(comparison)) {
    return null;
  }
  const field = lesion.before;
  const [value, standing] = [valueIn(field), standingOf(field)];
  const wanted = view.obstacles.some(
    ({ code, lesion: of }) => of === lesion.lesion && (code === "no_before" || code === "before_twice"),
  );
  const proposed =
    field.proposed && (earlierLesion(comparison, field.proposed.lesion ?? -1)?.letter ?? say("before_new"));
  const note = wanted ? say("wanted") : dateText(comparison.earlier.began_ms, words);
  return (
    <Row label={say("feature_before")} note={note} name="before" standing={standing}>
      {choicesOf(lesion, comparison).map(({ before, candidate }) => {
        const then = candidate && earlierLesion(comparison, candidate.lesion);
        const chosen = value !== null && value.lesion === before.lesion;
        return (
          <Option
            key={before.lesion ?? "new"}
            className="option before-option"
            chosen={chosen}
            standing={standing}
            machine={proposed ?? undefined}
            hint={then && candidate ? longText(then, candidate.change, comparison, words) : undefined}
            // A person's own word, chosen once more, is taken back: not compared.
            onChoose={() =>
              act(saying(lesion.lesion, { field: "before", value: chosen && field.said ? null : before }))
            }
          >
            {then && candidate ? (
              <>
                <b>{then.letter}</b> {placeWithin(then)}
                {" · "}
                {/* What was not chosen has its size alone: the row stays one line, and its change means nothing. */}
                {chosen ? changeText(candidate.change, then, words) : longest(then)}
                {chosen && candidate.change.kind === "measured" && candidate.change.alarm && (
                  <>
                    <Shape status="warn" />
                    <span className="hidden">{say("growth_alarm")}</span>
                  </>
                )}
                {then.category && <span className={`category small c${then.category}`}>{then.category}</span>}
              </>
            ) : (
              say("before_new")
            )}
          </Option>
        );
      })}
    </Row>
  );
}

/** The earlier examination under the patient's identifier; where it contradicts, a person says whether it is the same patient. */
export function EarlierRow({ comparison }: { readonly comparison: Comparison }) {
  const words = useWords();
  const { say } = words;
  const { act } = useReview();
  const { earlier, conflict, same_patient } = comparison;
  const choose = (same: boolean): void => act({ act: "set_same_patient", examination: earlier.examination, same });
  const of = sexAndAge(earlier.patient, earlier.began_ms, words);
  return (
    <Row label={say("earlier_exam")} note={conflict && !same_patient ? say("wanted") : undefined}>
      <span className={conflict ? "earlier conflict" : "earlier"}>
        {[dateText(earlier.began_ms, words), earlier.number, earlier.patient.name, of].filter(Boolean).join(" · ")}
      </span>
      {[true, false].map((same) => (
        <Option
          key={String(same)}
          chosen={same_patient ? same_patient.value === same : same && !conflict}
          standing={same_patient ? "confirmed" : "proposed"}
          onChoose={() => choose(same)}
        >
          {say(same ? "same_patient" : "other_patient")}
        </Option>
      ))}
      {conflict && !same_patient && <span className="conflict small">{say("patient_conflict")}</span>}
    </Row>
  );
}

/** Earlier lesions that no lesion of this report is: their places are looked at again. */
export function NotSeenRow({ comparison }: { readonly comparison: Comparison }) {
  const words = useWords();
  const { say, language } = words;
  const { act } = useReview();
  if (comparison.not_seen.length === 0) {
    return null;
  }
  const { examination } = comparison.earlier;
  return (
    <Row label={say("not_seen")} note={dateText(comparison.earlier.began_ms, words)}>
      {comparison.not_seen.map(({ lesion, looked_again }) => {
        const then = earlierLesion(comparison, lesion);
        const known = [
          placeText(then?.place ?? null, words) ?? say("place_unknown"),
          sizeLine(then?.size ?? null, words),
        ];
        return (
          <div className="not-seen" key={lesion}>
            <span>
              <b>{then?.letter}</b> {known.filter(Boolean).join(language === "zh" ? "，" : ", ")}
            </span>
            {then?.category && <span className={`category small c${then.category}`}>{then.category}</span>}
            <span className="quiet small">{say(looked_again ? "still_not_seen" : "look_again")}</span>
            <Option
              chosen={looked_again !== null}
              standing="confirmed"
              onChoose={() => act({ act: "set_looked_again", examination, lesion, looked: looked_again === null })}
            >
              {say("looked_again")}
            </Option>
          </div>
        );
      })}
    </Row>
  );
}
