import type { Side } from "../exam/api";
import { placeText } from "../exam/format";
import type { Question } from "../live/question";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";

interface Props {
  readonly question: Question;
  readonly onSide: (side: Side) => void;
  readonly onMap: () => void;
  readonly onHere: (question: Question & { readonly asks: "here" }) => void;
}

const SIDES = ["right", "left"] as const;

/** One line beside the picture, never over it, that is gone once it is answered. */
export function PlaceQuestion({ question, onSide, onMap, onHere }: Props) {
  const words = useWords();
  const { say } = words;
  const asked = question.asks === "here" ? say("ask_here", { letter: question.letter }) : say(`ask_${question.asks}`);
  return (
    <fieldset className="place-question" aria-label={asked} data-asks={question.asks}>
      <span className="asked" aria-live="polite">
        {asked}
      </span>
      {question.asks === "side" && (
        <>
          {SIDES.map((side) => (
            <button key={side} type="button" className="button small line" onClick={() => onSide(side)}>
              {say(`side_${side}`)}
            </button>
          ))}
          <KeyCap>S</KeyCap>
        </>
      )}
      {question.asks === "hour" && (
        <button type="button" className="button small line" onClick={onMap}>
          {say("ask_hour_map")} <KeyCap>M</KeyCap>
        </button>
      )}
      {question.asks === "here" && (
        <button type="button" className="button small line" onClick={() => onHere(question)}>
          {placeText(question.place, words)}
        </button>
      )}
    </fieldset>
  );
}
