import { useId, useRef } from "react";
import { standsUnder } from "../parts/popover";
import { useWords } from "../words/words";
import { BreastMap, dotsOf, type MapProps } from "./BreastMap";
import { DRAWING, type Point } from "./geometry";

interface Props extends MapProps {
  /** A dot was pressed, by the letter of its lesion. */
  readonly onLesion: (letter: string) => void;
}

const over = ([x, y]: Point) => ({ left: `${(100 * x) / DRAWING.width}%`, top: `${(100 * y) / DRAWING.height}%` });

/** The map with a button on each dot: also those that share a place lead each to its own lesion, and those that have no room stand in a list. */
export function PressedMap({ onLesion, ...map }: Props) {
  const { say } = useWords();
  const { placed, waits, hidden, more } = dotsOf(map.lesions, map.large ?? false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  return (
    <div className="map-dots">
      <BreastMap {...map} />
      {[...placed, ...waits].map(({ letter, dot }) => (
        <button
          key={letter}
          type="button"
          className="map-dot-press"
          data-letter={letter}
          aria-label={say("lesion_named", { letter })}
          style={over(dot)}
          onClick={() => onLesion(letter)}
        />
      ))}
      {hidden.length > 0 && (
        <>
          <button
            ref={button}
            type="button"
            className="map-dot-press"
            data-action="more-lesions"
            aria-label={say("map_more", { count: hidden.length })}
            style={over(more)}
            popoverTarget={id}
          />
          <div
            ref={list}
            id={id}
            popover="auto"
            className="hanging map-more"
            role="dialog"
            aria-label={say("map_more", { count: hidden.length })}
            onBeforeToggle={(event) => standsUnder(button.current, event)}
          >
            {hidden.map((letter) => (
              <button
                key={letter}
                type="button"
                className="button"
                data-letter={letter}
                onClick={() => {
                  list.current?.hidePopover();
                  onLesion(letter);
                }}
              >
                {say("lesion_named", { letter })}
              </button>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
