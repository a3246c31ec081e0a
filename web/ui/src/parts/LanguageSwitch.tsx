import { type Language, useWords } from "../words/words";

/** Changes the words at once, and keeps place and focus. */
export function LanguageSwitch({ onLanguage }: { readonly onLanguage: (language: Language) => void }) {
  const words = useWords();
  return (
    <fieldset className="language">
      <legend className="hidden">{words.say("language")}</legend>
      <LanguageButton language="zh" label="中" name="中文" onLanguage={onLanguage} />
      <LanguageButton language="en" label="EN" name="English" onLanguage={onLanguage} />
    </fieldset>
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
