/** The controls of the form. Dashed: the machine's. Solid with a tick: a person's. A small ring: not what the machine said. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { FieldName } from "../exam/api";
import type { Standing } from "../exam/field";
import { Icon, Shape } from "../parts/shapes";
import { COMMA } from "../words/marks";
import { useWords, type WordKey } from "../words/words";
import { useReview } from "./context";

interface RowProps {
  readonly label: string;
  /** A word beside the label, such as `any`. */
  readonly note?: string | undefined;
  readonly name?: FieldName;
  /** Which field it is, where that is none of a lesion. */
  readonly data?: string;
  readonly standing?: Standing;
  /** What is asked for here stands in the way of a signature: whoever is led to the field is led here. */
  readonly wanted?: boolean;
  readonly children: ReactNode;
}

export function Row({ label, note, name, data, standing, wanted = false, children }: RowProps) {
  const { say } = useWords();
  const { at } = useReview();
  const here = at !== null && at === name;
  const said = standing === "unassessed" ? say("not_assessed") : note;
  return (
    <fieldset
      className={here ? "field here" : "field"}
      data-field={name}
      data-row={data}
      data-standing={standing}
      data-wanted={wanted || undefined}
    >
      <legend className="hidden">{label}</legend>
      <div className="label" aria-hidden="true">
        {label} {said && <span className="faint">{said}</span>}
      </div>
      <div className="options">{children}</div>
    </fieldset>
  );
}

interface OptionProps {
  readonly chosen: boolean;
  readonly standing: Standing;
  /** What the machine said, where a person says something else. */
  readonly machine?: string | undefined;
  readonly className?: string;
  /** More than the word says, for those who hover. */
  readonly hint?: string | undefined;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

/** One of several words. */
export function Option({ chosen, standing, machine, className = "option", hint, onChoose, children }: OptionProps) {
  const { say, language } = useWords();
  const { readOnly } = useReview();
  const byPerson = chosen && (standing === "confirmed" || standing === "changed");
  const state = chosen ? (byPerson ? "said" : "proposed") : "";
  return (
    <button
      type="button"
      className={`${className} ${state}`}
      aria-pressed={chosen}
      aria-disabled={readOnly}
      title={[hint, chosen && titleOf(standing, machine, say)].filter(Boolean).join("\n") || undefined}
      onClick={readOnly ? undefined : onChoose}
      onKeyDown={moveFocus}
    >
      {byPerson && <Icon name="tick" />}
      <span className="option-word">{children}</span>
      {chosen && standing === "changed" && <span className="ring" aria-hidden="true" />}
      {chosen && standing === "proposed" && <span className="hidden">{COMMA[language] + say("by_machine")}</span>}
    </button>
  );
}

/** Says whose word a value is. */
export function titleOf(
  standing: Standing,
  machine: string | undefined,
  say: ReturnType<typeof useWords>["say"],
): string | undefined {
  if (standing === "changed" && machine) {
    return say("machine_said", { value: machine });
  }
  return standing === "proposed" ? say("by_machine") : undefined;
}

/** The arrows go from word to word within a row, and from row to row. */
function moveFocus(event: KeyboardEvent<HTMLButtonElement>): void {
  const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (down !== undefined) {
    const row = nextRow(event.currentTarget, down);
    if (row) {
      event.preventDefault();
      row.focus();
    }
    return;
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) {
    return;
  }
  const buttons = [...(event.currentTarget.closest(".options")?.querySelectorAll<HTMLElement>("button, input") ?? [])];
  const next = buttons[buttons.indexOf(event.currentTarget) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

/** What is chosen in the row below or above, or its first word; a row without any is passed over. */
function nextRow(from: HTMLElement, step: number): HTMLElement | undefined {
  const rows = [...(from.closest(".fields")?.querySelectorAll<HTMLElement>(".options") ?? [])];
  const here = rows.findIndex((row) => row.contains(from));
  const targets = rows.map((row) => row.querySelector<HTMLElement>('[aria-pressed="true"]') ?? firstWord(row));
  return (
    (step > 0 ? targets.slice(here + 1) : targets.slice(0, here).reverse()).find((target) => target !== null) ??
    undefined
  );
}

const firstWord = (row: HTMLElement): HTMLElement | null => row.querySelector<HTMLElement>("[aria-pressed]");

interface FigureProps {
  readonly label: string;
  readonly value: number | null;
  /** How it is written; `null` prints a dash. */
  readonly text: string;
  readonly standing: Standing;
  readonly machine?: string | undefined;
  readonly wide?: boolean;
  readonly onSay: (value: number | null) => void;
}

/** A figure that can be written over; Enter or leaving says it, Escape takes it back. */
export function Figure({ label, value, text, standing, machine, wide = false, onSay }: FigureProps) {
  const { say } = useWords();
  const { readOnly } = useReview();
  const [written, setWritten] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  // A key that ends the writing leaves the field, and leaving it is what says it: once.
  const leaving = useRef<"say" | "confirm" | "drop">("say");
  const writing = written !== null;
  // Before the next key comes: what is written replaces what stands.
  useLayoutEffect(() => {
    if (writing) {
      input.current?.select();
    }
  }, [writing]);
  const finish = (): void => {
    const how = leaving.current;
    leaving.current = "say";
    setWritten(null);
    if (written === null || how === "drop") {
      return;
    }
    const figure = written.trim() === "" ? null : Number(written.replace(",", "."));
    const valid = figure === null || (Number.isFinite(figure) && figure >= 0 && figure < 10_000);
    if (valid && figure !== (value === null ? null : Number(value.toFixed(1)))) {
      onSay(figure);
    } else if (how === "confirm" && standing === "proposed" && value !== null) {
      // Enter on a figure that stands is a person's word for it, too.
      onSay(value);
    }
  };
  return (
    <input
      className={`figure ${stateOf(standing)} ${wide ? "wide" : ""}`}
      aria-label={label}
      title={titleOf(standing, machine, say)}
      inputMode="decimal"
      readOnly={readOnly}
      value={written ?? text}
      ref={input}
      onFocus={() => !readOnly && setWritten(value === null ? "" : value.toFixed(1))}
      onChange={(event) => setWritten(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        const ends = event.key === "Escape" ? "drop" : event.key === "Enter" && !event.ctrlKey ? "confirm" : null;
        if (ends) {
          event.preventDefault();
          leaving.current = ends;
          // The page's keys act again.
          event.currentTarget.blur();
        }
      }}
    />
  );
}

export const stateOf = (standing: Standing): string =>
  standing === "proposed" ? "proposed" : standing === "confirmed" || standing === "changed" ? "said" : "";

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly lines?: number;
  readonly placeholder?: string;
  readonly type?: "text" | "date";
  /** Why what is written cannot be; it is not said then. */
  readonly faultOf?: (value: string) => WordKey | null;
  readonly onSay: (value: string) => void;
}

/** A text that is said when it is left. */
export function TextField({ label, value, lines = 1, placeholder, type = "text", faultOf, onSay }: TextProps) {
  const { say } = useWords();
  const { readOnly } = useReview();
  const line = useId();
  const [written, setWritten] = useState(value);
  // What came from elsewhere is shown, and what is being written is not lost to it.
  useEffect(() => setWritten(value), [value]);
  const fault = faultOf?.(written.trim()) ?? null;
  const finish = (): void => {
    if (written.trim() !== value && !fault) {
      onSay(written.trim());
    }
  };
  const shared = {
    "aria-label": label,
    placeholder,
    readOnly,
    value: written,
    onBlur: finish,
  };
  return lines > 1 ? (
    <textarea {...shared} className="text" rows={lines} onChange={(event) => setWritten(event.target.value)} />
  ) : (
    <>
      <input
        {...shared}
        className="text"
        type={type}
        aria-invalid={fault !== null}
        aria-describedby={fault ? line : undefined}
        onChange={(event) => setWritten(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && !event.ctrlKey && event.currentTarget.blur()}
      />
      {fault && (
        <p className="row wrong-date" id={line} role="alert">
          <Shape status="warn" /> {say(fault)}
        </p>
      )}
    </>
  );
}
