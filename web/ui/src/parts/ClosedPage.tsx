/** In place of the live page where its examination cannot be watched: why, and where to go instead. */
import { useEffect } from "react";
import type { Closed } from "../live/entrance";
import { type Language, useWords } from "../words/words";
import { LanguageSwitch } from "./LanguageSwitch";
import { Logo } from "./Logo";
import { Shape } from "./shapes";

interface Props {
  readonly closed: Closed;
  readonly onLanguage: (language: Language) => void;
  readonly onHome: () => void;
  readonly onReport: () => void;
}

export function ClosedPage({ closed, onLanguage, onHome, onReport }: Props) {
  const { say } = useWords();
  useEffect(() => {
    document.title = say("page_title");
  }, [say]);
  // An examination that can be read has a report, also where it cannot be scanned.
  const hasReport = closed !== "unknown" && closed !== "unreadable" && closed !== "none_open";
  return (
    <div className="live" data-closed={closed}>
      <header className="top">
        <Logo onHome={onHome} />
        <span className="space" />
        <LanguageSwitch onLanguage={onLanguage} />
        <span className="research">{say("research_use")}</span>
      </header>
      <main className="nothing closed">
        <p className="row large">
          <Shape status={closed === "signed" ? "ok" : "info"} /> {say(`closed_${closed}`)}
        </p>
        <p className="hint">{say(`closed_${closed}_do`)}</p>
        <div className="row">
          {hasReport && (
            <button
              type="button"
              className={closed === "signed" ? "button next" : "button line"}
              data-action="to-report"
              onClick={onReport}
            >
              {say("to_report")}
            </button>
          )}
          <button
            type="button"
            className={hasReport ? "button line" : "button next"}
            data-action="to-exams"
            onClick={onHome}
          >
            {say("all_exams")}
          </button>
        </div>
      </main>
    </div>
  );
}
