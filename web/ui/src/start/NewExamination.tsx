import { type FormEvent, useEffect, useRef, useState } from "react";
import { createExam, type UsualSource, usualSource } from "../exam/api";
import { birthBounds, birthFault } from "../exam/birth";
import { rememberedPerson } from "../exam/person";
import { sourceName } from "../live/source";
import { Icon, Shape } from "../parts/shapes";
import { faultText } from "../words/fault";
import { useWords } from "../words/words";
import { NextProbe } from "./NextProbe";
import { type SourceChoice, sourcesFor } from "./sources";

const SEXES = ["F", "M", "O"] as const;
const INDICATIONS = ["screening", "symptom", "follow_up"] as const;

const EMPTY = { name: "", id: "", sex: "", birth_date: "", number: "", indication: "" };

/** Without the blanks around it; blanks alone stay, and are refused as what they are. */
const trimmed = (text: string): string => text.trim() || text;

/** Who is examined and where the pictures come from. Nothing is required: a name can be said later. */
export function NewExamination({ onBegun }: { readonly onBegun: (exam: string) => void }) {
  const words = useWords();
  const { say } = words;
  const [written, setWritten] = useState(EMPTY);
  const [usual, setUsual] = useState<UsualSource | null>(null);
  const { choices: sources, first } = sourcesFor(usual);
  const [chosen, setSource] = useState<SourceChoice | null>(null);
  const source = chosen ?? first;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let mounted = true;
    void usualSource().then((known) => mounted && setUsual(known));
    return () => {
      mounted = false;
    };
  }, []);
  const today = new Date();
  const wrongDate = birthFault(written.birth_date, today);
  const birthField = useRef<HTMLInputElement>(null);
  const set = (part: Partial<typeof EMPTY>): void => setWritten((before) => ({ ...before, ...part }));
  const begin = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) {
      return;
    }
    if (wrongDate) {
      birthField.current?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    const { name, id, sex, birth_date, number, indication } = written;
    const answer = await createExam(
      {
        patient: { id: id.trim(), name: trimmed(name), sex, birth_date },
        circumstances: { institution: "", number: number.trim(), indication, history: "", device: "", comparison: "" },
        // A page names no file and no device: the usual source is the one that the program was started with.
        source: source === "usual" ? null : source,
      },
      rememberedPerson().name,
    );
    setBusy(false);
    if (answer.kind === "ok") {
      onBegun(answer.value.id);
    } else {
      setError(answer.kind === "refused" ? faultText(answer, words) : say("state_lost"));
    }
  };
  const choices = <T extends string>(
    name: string,
    values: readonly T[],
    chosen: string,
    word: (value: T) => string,
    onChoose: (value: T | "") => void,
  ) => (
    <fieldset className="choices">
      <legend>{name}</legend>
      <div className="options">
        {values.map((value) => (
          <button
            key={value}
            type="button"
            className={chosen === value ? "option said" : "option"}
            aria-pressed={chosen === value}
            onClick={() => onChoose(chosen === value ? "" : value)}
          >
            {chosen === value && <Icon name="tick" />}
            {word(value)}
          </button>
        ))}
      </div>
    </fieldset>
  );
  return (
    <form className="new-exam" id="new-exam" noValidate={true} onSubmit={(event) => void begin(event)}>
      <h2 className="title">{say("new_exam")}</h2>
      <div className="new-fields">
        <label>
          <span>{say("patient_name")}</span>
          <input
            className="text"
            value={written.name}
            maxLength={64}
            onChange={(event) => set({ name: event.target.value })}
          />
        </label>
        <div className="pair">
          <label>
            <span>{say("patient_id")}</span>
            <input
              className="text"
              value={written.id}
              maxLength={64}
              onChange={(event) => set({ id: event.target.value })}
            />
          </label>
          <label>
            <span>{say("patient_birth_date")}</span>
            <input
              className="text"
              type="date"
              ref={birthField}
              {...birthBounds(today)}
              aria-invalid={wrongDate !== null}
              aria-describedby="wrong-date"
              value={written.birth_date}
              onChange={(event) => set({ birth_date: event.target.value })}
            />
          </label>
        </div>
        <p className={wrongDate ? "row wrong-date" : "hidden"} id="wrong-date" aria-live="polite">
          {wrongDate && (
            <>
              <Shape status="warn" /> {say(wrongDate)}
            </>
          )}
        </p>
        {choices(
          say("patient_sex"),
          SEXES,
          written.sex,
          (sex) => say(`sex_${sex}`),
          (sex) => set({ sex }),
        )}
        <label>
          <span>{say("exam_number")}</span>
          <input
            className="text"
            value={written.number}
            maxLength={64}
            onChange={(event) => set({ number: event.target.value })}
          />
        </label>
        {choices(
          say("exam_indication"),
          INDICATIONS,
          written.indication,
          (each) => say(`indication_${each}`),
          (indication) => set({ indication }),
        )}
        <fieldset className="choices sources">
          <legend>{say("source")}</legend>
          {sources.map((each) => (
            <label key={each} className={source === each ? "source chosen" : "source"}>
              <input type="radio" name="source" checked={source === each} onChange={() => setSource(each)} />
              <span>
                {say(each === "capture" ? "source_capture_here" : `source_${each}`)}
                <small>
                  {each === "usual" && usual
                    ? say("source_usual_is", { name: sourceName(usual, say) })
                    : say(`source_${each}_why`)}
                </small>
              </span>
            </label>
          ))}
        </fieldset>
        <NextProbe source={source} />
      </div>
      {error !== null && (
        <p className="row" role="alert">
          <Shape status="warn" /> {say("exam_not_begun", { error })}
        </p>
      )}
      <button type="submit" className="button next" aria-disabled={busy}>
        {say("begin_exam")}
      </button>
    </form>
  );
}
