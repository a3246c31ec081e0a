import { patientName, timeOfExam, timeText } from "../exam/format";
import type { ExamState } from "../exam/store";
import type { Scene } from "../live/examination";
import type { Phase } from "../live/phase";
import { sourceName } from "../live/source";
import { clock } from "../words/numbers";
import { type Language, useWords } from "../words/words";
import { KeyCap, WhoElse } from "./chips";
import { LanguageSwitch } from "./LanguageSwitch";
import { Logo } from "./Logo";
import { Saved } from "./Saved";
import { Icon, Shape, type Status } from "./shapes";

const SHAPE_OF: Readonly<Partial<Record<Phase, Status>>> = {
  waiting: "stop",
  lost: "stop",
  frozen: "info",
  paused: "info",
  ended: "info",
  connecting: "off",
  first: "off",
};

/** Frames come or rest: the time of the sweep is a time of now. */
const IN_SWEEP: readonly Phase[] = ["scanning", "frozen", "paused", "ended"];

interface Props {
  readonly scene: Scene;
  readonly exam: ExamState;
  /** Opens the panel of a sweep of known length that goes on while it is closed; `null` where it is open, or not this page's. */
  readonly onCalibrate: (() => void) | null;
  readonly onLanguage: (language: Language) => void;
  readonly onHome: () => void;
}

export function TopBar({ scene, exam, onCalibrate, onLanguage, onHome }: Props) {
  const words = useWords();
  const { hello, phase, update } = scene;
  const calibrating = update?.state.calibrating ?? null;
  const shape = SHAPE_OF[phase];
  const report = exam.view?.report ?? null;
  const phantom = hello?.source.kind === "phantom";
  return (
    <header className="top">
      <Logo onHome={onHome} />
      {report && (report.patient.name || report.patient.id) && (
        <>
          <span className="rule" />
          <span className="mid clip" title={patientName(report.patient, words)}>
            {patientName(report.patient, words)}
          </span>
          <WhoElse report={report} />
        </>
      )}
      {hello && (
        <>
          <span className="rule" />
          <span className="mid clip source-name" title={sourceName(hello.source, words.say)}>
            {sourceName(hello.source, words.say)}
          </span>
          {phantom && (
            <span className="quiet wide clip" title={words.say("nobody_scanned")}>
              {words.say("nobody_scanned")}
            </span>
          )}
        </>
      )}
      <span className="rule" />
      <span className="row mid" data-phase={phase}>
        {shape ? <Shape status={shape} /> : <span className="live-dot" />}
        {words.say(`state_${phase}`)}
      </span>
      {update && IN_SWEEP.includes(phase) ? (
        <span className="quiet" title={words.say("time_of_exam")}>
          {clock(timeOfExam(update.time_ms, report?.began_ms ?? null, Date.now()))}
        </span>
      ) : (
        report && (
          <span className="quiet wide began">{words.say("began_at", { time: timeText(report.began_ms, words) })}</span>
        )
      )}
      {calibrating !== null && onCalibrate && (
        <button type="button" className="button small" data-action="calibrate" onClick={onCalibrate}>
          <Icon name="calibrate" /> {words.say("calibrating_now", { frames: calibrating })} <KeyCap>L</KeyCap>
        </button>
      )}
      <span className="space" />
      <Saved state={exam} live={scene.update?.state} />
      <LanguageSwitch onLanguage={onLanguage} />
      <span className="research">{words.say("research_use")}</span>
    </header>
  );
}
