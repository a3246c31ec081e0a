import type { ReactNode } from "react";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { PeonyMark } from "../parts/shapes";
import { addressOf, type Route } from "../route";
import { type Language, useWords } from "../words/words";

interface Props {
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
  readonly children?: ReactNode;
}

export function StudiesTop({ onLanguage, onGo, children }: Props) {
  const { say } = useWords();
  return (
    <header className="top">
      <h1 className="logo">
        <PeonyMark />
        Peony
      </h1>
      <span className="rule" />
      {children}
      <span className="space" />
      <GoLink route={{ page: "exams", exam: null }} onGo={onGo}>
        {say("exams")}
      </GoLink>
      <LanguageSwitch onLanguage={onLanguage} />
      <span className="research">{say("research_use")}</span>
    </header>
  );
}

interface LinkProps {
  readonly route: Route;
  readonly onGo: (route: Route) => void;
  readonly children: ReactNode;
}

/** A link that stays in the page; with a key held it is the browser's own. */
export function GoLink({ route, onGo, children }: LinkProps) {
  return (
    <a
      className="button small link"
      href={addressOf(route)}
      onClick={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          onGo(route);
        }
      }}
    >
      {children}
    </a>
  );
}
