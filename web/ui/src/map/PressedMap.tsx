import { useWords } from "../words/words";
import { BreastMap, dotsOf, type MapProps } from "./BreastMap";
import { DRAWING } from "./geometry";

interface Props extends MapProps {
  /** A dot was pressed, by the letter of its lesion. */
  readonly onLesion: (letter: string) => void;
}

/** The map with a button on each dot: also those that share a place lead each to its own lesion. */
export function PressedMap({ onLesion, ...map }: Props) {
  const { say } = useWords();
  const { placed, waits } = dotsOf(map.lesions, map.large ?? false);
  return (
    <div className="map-dots">
      <BreastMap {...map} />
      {[...placed, ...waits].map(({ letter, dot: [x, y] }) => (
        <button
          key={letter}
          type="button"
          className="map-dot-press"
          data-letter={letter}
          aria-label={say("lesion_named", { letter })}
          style={{ left: `${(100 * x) / DRAWING.width}%`, top: `${(100 * y) / DRAWING.height}%` }}
          onClick={() => onLesion(letter)}
        />
      ))}
    </div>
  );
}
