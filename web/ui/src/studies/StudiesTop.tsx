import type { ReactNode } from "react";
import { WhoIsHere } from "../access/WhoIsHere";
import { GoLink } from "../parts/GoLink";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { PeonyMark } from "../parts/shapes";
import type { Route } from "../route";
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
      <WhoIsHere onGo={onGo} />
      <LanguageSwitch onLanguage={onLanguage} />
      <span className="research">{say("research_use")}</span>
    </header>
  );
}
