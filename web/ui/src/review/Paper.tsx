import { dateText, patientName, sexAndAge, shortHash, timeText } from "../exam/format";
import { COMMA } from "../words/marks";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { useReview } from "./context";
import { Narrative } from "./Narrative";
import { INDICATIONS } from "./PatientForm";

/** The report as text on paper: what the PDF says, without its pictures. */
export function Paper() {
  const words = useWords();
  const { say, language } = words;
  const { report, narrative } = useReview().view;
  const { patient, circumstances, began_ms, machine } = report;
  const [signature] = report.altered ? [] : report.signatures.toReversed();
  const asked = INDICATIONS.find((each) => each === circumstances.indication);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
    <article className="paper" lang={language === "zh" ? "zh-CN" : "en"} tabIndex={0}>
      {!signature && (
        <p className="band">
          <span>{say(report.altered ? "altered_band" : "draft_band")}</span>
          <span>{say("research_use")}</span>
        </p>
      )}
      {signature && (
        <p className="band signed">
          <span>{say("research_use")}</span>
        </p>
      )}
      <div className="paper-head">
        <div>
          <h2>{say("breast_ultrasound")}</h2>
          <p>{circumstances.institution}</p>
        </div>
        <p className="right">
          {dateText(began_ms, words)} {timeText(began_ms, words)}
          <br />
          {circumstances.number && say("exam_numbered", { number: circumstances.number })}
        </p>
      </div>
      <p className="paper-patient">
        <b>{patientName(patient, words)}</b>
        <span>{sexAndAge(patient, began_ms, words)}</span>
        <span>{patient.id}</span>
        <span>{asked ? say(`indication_${asked}`) : circumstances.indication}</span>
      </p>
      {report.simulated && <p className="band">{say("nobody_scanned")}</p>}
      <Narrative narrative={narrative[language]} />
      <p className="paper-foot">
        <span>
          {signature
            ? `${say("signed_by", { name: signature.name })}${COMMA[language]}${dateText(signature.at_ms, words)} ${timeText(signature.at_ms, words)}`
            : say("signed_by", { name: NONE })}
        </span>
        <span>{machine ? `${machine.model} ${machine.version}, ${shortHash(machine.sha256)}` : ""}</span>
      </p>
      {!signature && (
        <span
          className="watermark"
          aria-hidden="true"
          data-word={say(report.altered ? "altered_word" : "draft_word")}
        />
      )}
    </article>
  );
}
