/** An examination that was begun by mistake, and in which nothing is, is discarded from the list: one question, and it is gone. */
import { useEffect, useRef, useState } from "react";
import { discardExam } from "../exam/api";
import { rememberedPerson } from "../exam/person";
import { Icon, Shape } from "../parts/shapes";
import { faultText } from "../words/fault";
import { useWords } from "../words/words";

interface Props {
  readonly exam: string;
  readonly onGone: () => void;
}

export function Discard({ exam, onGone }: Props) {
  const words = useWords();
  const { say } = words;
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const open = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  useEffect(() => {
    if (asked) {
      keep.current?.focus();
    } else if (was.current) {
      open.current?.focus();
    }
    was.current = asked;
  }, [asked]);
  const discard = async (): Promise<void> => {
    const answer = await discardExam(exam, rememberedPerson().name);
    // Where it is no more, somebody else was faster.
    if (answer.kind === "ok" || answer.kind === "missing") {
      onGone();
    } else {
      setError(answer.kind === "refused" ? faultText(answer, words) : say("state_lost"));
    }
  };
  if (!asked) {
    return (
      <button
        type="button"
        ref={open}
        className="button small line discard"
        data-action="discard"
        onClick={() => setAsked(true)}
      >
        {say("discard")}
      </button>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a question with its two answers, not fields of a form.
    <div
      className="discard-ask"
      role="group"
      aria-label={say("discard_ask")}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") {
          setAsked(false);
        }
      }}
    >
      <p className="said" role={error === null ? undefined : "alert"}>
        <Shape status={error === null ? "info" : "warn"} /> <span>{error ?? say("discard_ask")}</span>
      </p>
      {error === null && (
        <button type="button" className="button small" data-action="discard-now" onClick={() => void discard()}>
          <Icon name="dismiss" /> {say("discard")}
        </button>
      )}
      <button type="button" ref={keep} className="button small line" onClick={() => setAsked(false)}>
        {say("discard_not")}
      </button>
    </div>
  );
}
