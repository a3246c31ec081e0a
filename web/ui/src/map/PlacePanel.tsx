import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import type { Place, Side } from "../exam/api";
import { placeText } from "../exam/format";
import { KeyCap } from "../parts/chips";
import { useWords } from "../words/words";
import { BreastMap, type MapProps } from "./BreastMap";
import { DRAWING, mirrored, moved, placeUnder, quadrantOf } from "./geometry";

interface Props extends Pick<MapProps, "lesions" | "named" | "strips" | "probe"> {
  readonly title: string;
  /** What is known so far. */
  readonly place: Place | null;
  /** The breast to begin with where nothing is known. */
  readonly side: Side;
  readonly onPlace: (place: Place) => void;
  readonly onClose: () => void;
}

const ARROWS: Readonly<Record<string, { readonly clockwise?: number; readonly outwards?: number }>> = {
  ArrowLeft: { clockwise: -1 },
  ArrowRight: { clockwise: 1 },
  ArrowUp: { outwards: 1 },
  ArrowDown: { outwards: -1 },
};

/** The map at reading size: a click or a touch sets the place, or arrows and Enter do. It closes itself. */
export function PlacePanel({ title, place, side, onPlace, onClose, ...map }: Props) {
  const words = useWords();
  const { say } = words;
  const [choice, setChoice] = useState<Place>(place ?? { side, clock: null, from_nipple_mm: null });
  const well = useFocusWhileOpen();
  const set = (chosen: Place): void => {
    onPlace(chosen);
    onClose();
  };
  const onClick = (event: MouseEvent<HTMLButtonElement>): void => {
    // A button is pressed by Enter as well, which points at nothing.
    set(event.detail === 0 ? choice : placeUnder(pointOf(event)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      event.preventDefault();
      setChoice((before) => moved(before, arrow));
    } else if (event.key.toLowerCase() === "s" && !event.ctrlKey) {
      // Here it turns to the other breast; the page's own S waits until the map is closed.
      event.stopPropagation();
      setChoice(mirrored);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
    }
  };
  const quadrant = choice.clock && quadrantOf(choice.side, choice.clock);
  return (
    <section className="popover place-panel" aria-label={title} onKeyDown={onKeyDown}>
      <div className="head">
        <h2>{title}</h2>
        <span className="space" />
        <button type="button" className="button small" onClick={onClose}>
          {say("close")} <KeyCap>Esc</KeyCap>
        </button>
      </div>
      <div className="map-well">
        <BreastMap {...map} choice={choice} large={true} />
        <button type="button" className="map-press" ref={well} aria-label={say("map_how")} onClick={onClick} />
      </div>
      <div className="place-foot">
        <p className="place-said" aria-live="polite">
          <b>{placeText(choice, words)}</b> {quadrant && <span className="quiet">{say(`quadrant_${quadrant}`)}</span>}
        </p>
        <button type="button" className="button small" onClick={() => setChoice(mirrored)}>
          {say("other_breast")} <KeyCap>S</KeyCap>
        </button>
        <button
          type="button"
          className="button small"
          onClick={() => set({ side: choice.side, clock: null, from_nipple_mm: null })}
        >
          {say("only_side")}
        </button>
        <button type="button" className="button small line" onClick={() => set(choice)}>
          {say("set_place")} <KeyCap>⏎</KeyCap>
        </button>
      </div>
      <p className="note">
        {map.strips && map.strips.length > 0 && `${say("map_scanned")} `}
        {say("map_keys")}
      </p>
    </section>
  );
}

/** Where a pointer stands on the drawing, in its own units. */
function pointOf(event: MouseEvent<HTMLButtonElement>): readonly [number, number] {
  // The button lies over the drawing, exactly as large.
  const box = event.currentTarget.getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * DRAWING.width,
    ((event.clientY - box.top) / box.height) * DRAWING.height,
  ];
}

/** The map has the focus while it is open, and gives it back. */
function useFocusWhileOpen() {
  const well = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    well.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  return well;
}
