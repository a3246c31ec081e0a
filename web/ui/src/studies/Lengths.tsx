import { Icon } from "../parts/shapes";
import { millimetres, roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { letterOf, type Measure } from "./Calipers";
import { type Length, lengthOf, type Scale } from "./scale";

const NARROW = "\u202f";
const BECAUSE = { none: "px_because_none", outside: "px_because_outside", between: "px_because_between" } as const;
const FROM = { patient: null, detector: "mm_at_detector", magnified: "mm_magnified" } as const;

/** What must be known of a length beside its figure. */
const noteOf = (length: Length) => (length.unit === "px" ? BECAUSE[length.because] : FROM[length.from]);

interface Props {
  readonly measures: readonly Measure[];
  readonly scale: Scale;
  readonly multi: boolean;
  readonly measuring: boolean;
  readonly onRemove: (id: number) => void;
  readonly onShow: (frame: number) => void;
}

/** The lengths of a picture: millimetres where there is a scale, and where it is one; pixels and the reason elsewhere. */
export function Lengths({ measures, scale, multi, measuring, onRemove, onShow }: Props) {
  const { say } = useWords();
  return (
    <section className="part-of" data-part="lengths">
      <h2 className="head">{say("measures")}</h2>
      {measures.length === 0 && <p className="hint">{say(measuring ? "measure_help" : "measures_none")}</p>}
      <ul aria-live="polite">
        {measures.map(({ id, frame, a, b }) => {
          const letter = letterOf(id);
          const length = lengthOf(scale, a, b);
          const note = noteOf(length);
          const figure = length.unit === "mm" ? millimetres(length.value) : String(roundHalfAway(length.value));
          return (
            <li key={id} className="length">
              <b className="letter">{letter}</b>
              <span className="two">
                <span className="length-value">{`${figure}${NARROW}${length.unit}`}</span>
                {note && <small>{say(note)}</small>}
                {multi && (
                  <button type="button" className="to-frame" onClick={() => onShow(frame)}>
                    {say("measure_frame", { frame: frame + 1 })}
                  </button>
                )}
              </span>
              <button
                type="button"
                className="button small square"
                aria-label={say("measure_remove", { letter })}
                onClick={() => onRemove(id)}
              >
                <Icon name="dismiss" />
              </button>
            </li>
          );
        })}
      </ul>
      {measures.length > 0 && <p className="note">{say("measures_not_kept")}</p>}
    </section>
  );
}
