import { dateText, patientName } from "../exam/format";
import type { Person } from "../exam/person";
import type { ExamState } from "../exam/store";
import { WhoElse } from "../parts/chips";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { Logo } from "../parts/Logo";
import { Saved } from "../parts/Saved";
import { Icon } from "../parts/shapes";
import { type Language, useWords } from "../words/words";

interface Props {
  readonly state: ExamState;
  readonly person: Person;
  readonly panel: string | null;
  readonly onLanguage: (language: Language) => void;
  readonly onHistory: () => void;
  readonly onPerson: () => void;
  readonly onHome: () => void;
}

export function ReportTop({ state, person, panel, onLanguage, onHistory, onPerson, onHome }: Props) {
  const words = useWords();
  const { say } = words;
  const { view } = state;
  const report = view?.report;
  const dated = report && say("report_dated", { date: dateText(report.began_ms, words) });
  return (
    <header className="top">
      <Logo onHome={onHome} />
      {report && (
        <>
          <span className="rule" />
          <span className="mid clip" title={patientName(report.patient, words)}>
            {patientName(report.patient, words)}
          </span>
          <WhoElse report={report} />
          <span className="rule" />
          <span className="quiet dated clip" title={dated}>
            {dated}
          </span>
          {report.simulated && <span className="draft-tag">{say("simulated")}</span>}
        </>
      )}
      <span className="space" />
      <Saved state={state} />
      {view && (
        <button
          type="button"
          className={panel === "history" ? "button small on" : "button small"}
          aria-expanded={panel === "history"}
          data-action="history"
          onClick={onHistory}
        >
          <Icon name="history" /> {say("history_count", { count: view.history })}
        </button>
      )}
      <LanguageSwitch onLanguage={onLanguage} />
      <button
        type="button"
        className="who"
        aria-expanded={panel === "person"}
        title={person.name || say("who_are_you")}
        aria-label={person.name ? `${initials(person.name)}, ${person.name}` : say("who_are_you")}
        onClick={onPerson}
      >
        {person.name ? initials(person.name) : <Icon name="person" />}
      </button>
      <span className="research">{say("research_use")}</span>
    </header>
  );
}

/** Two letters of a name; of a Chinese name its last two characters, as people are called. */
export function initials(name: string): string {
  if (/[\u4e00-\u9fff]/.test(name)) {
    return name.replace(/[^\u4e00-\u9fff]/g, "").slice(-2);
  }
  const parts = name.split(/\s+/).filter(Boolean);
  return [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) => part?.[0]?.toUpperCase() ?? "").join("");
}
