import type { Scene } from "../live/examination";
import type { Phase } from "../live/phase";
import { clock } from "../words/numbers";
import { type Language, useWords } from "../words/words";
import { PeonyMark, Shape, type Status } from "./shapes";

const SHAPE_OF: Readonly<Partial<Record<Phase, Status>>> = {
  waiting: "stop",
  lost: "stop",
  frozen: "info",
  paused: "info",
  connecting: "off",
};

interface Props {
  readonly scene: Scene;
  readonly onLanguage: (language: Language) => void;
}

export function TopBar({ scene, onLanguage }: Props) {
  const words = useWords();
  const { hello, phase, update } = scene;
  const shape = SHAPE_OF[phase];
  const phantom = hello?.source.kind === "phantom";
  return (
    <header className="top">
      <h1 className="logo">
        <PeonyMark />
        Peony
      </h1>
      {hello && (
        <>
          <span className="rule" />
          <span className="mid">{phantom ? words.say("source_phantom") : hello.source.name}</span>
          {phantom && <span className="quiet wide">{words.say("nobody_scanned")}</span>}
        </>
      )}
      <span className="rule" />
      <span className="row mid" data-phase={phase}>
        {shape ? <Shape status={shape} /> : <span className="live-dot" />}
        {words.say(`state_${phase}`)}
      </span>
      {update && (
        <span className="quiet" title={words.say("time_of_sweep")}>
          {clock(update.time_ms)}
        </span>
      )}
      <span className="space" />
      <fieldset className="language">
        <legend className="hidden">{words.say("language")}</legend>
        <LanguageButton language="zh" label="中" name="中文" onLanguage={onLanguage} />
        <LanguageButton language="en" label="EN" name="English" onLanguage={onLanguage} />
      </fieldset>
      <span className="research">{words.say("research_use")}</span>
    </header>
  );
}

interface LanguageProps {
  readonly language: Language;
  readonly label: string;
  readonly name: string;
  readonly onLanguage: (language: Language) => void;
}

function LanguageButton({ language, label, name, onLanguage }: LanguageProps) {
  const chosen = useWords().language === language;
  return (
    <button
      type="button"
      lang={language === "zh" ? "zh-CN" : "en"}
      aria-pressed={chosen}
      aria-label={`${label} ${name}`}
      onClick={() => onLanguage(language)}
    >
      {label}
    </button>
  );
}
