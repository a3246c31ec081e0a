import type { KeyboardEvent, ReactNode } from "react";
import { planeAddress } from "../exam/api";
import { type EvidentPlane, groundsText, isAmong, planeKey, reasonsText, reasonsWhy, shareOf } from "../exam/evidence";
import { COLON } from "../words/marks";
import { percent, probability } from "../words/numbers";
import { useWords } from "../words/words";
import { DraftTag, KeyCap, Letter } from "./chips";
import { Large } from "./Large";
import { PlaneMarks } from "./PlaneMarks";

interface Props {
  readonly exam: string;
  readonly planes: readonly EvidentPlane[];
  /** The one that is shown, by [`planeKey`]. */
  readonly open: string;
  readonly marks: boolean;
  /** The lesion that is talked about, and pink; without it, that of the plane is. */
  readonly current?: number | null;
  readonly onOpen: (key: string) => void;
  readonly onClose: () => void;
  /** The keys of the page behind it rest, but for the one that hides the marks. */
  readonly alone?: boolean;
  /** What stands below the words. */
  readonly children?: ReactNode;
}

/** A key plane at reading size, with what in it spoke for suspicion; arrows go from one to the next. */
export function PlaneLarge({ exam, planes, open, marks, current, onOpen, onClose, alone = false, children }: Props) {
  const { say } = useWords();
  const index = planes.findIndex((each) => isAmong(each, open));
  const shown = planes[index];
  const pink = shown !== undefined && (current === undefined || shown.plane.lesion === current);
  const go = (step: number): void => {
    const next = planes[(Math.max(0, index) + step + planes.length) % planes.length];
    if (next) {
      onOpen(planeKey(next.plane));
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      go(step);
    }
    if (alone && event.key.toLowerCase() !== "h" && event.key !== "Tab") {
      event.stopPropagation();
    }
  };
  return (
    <Large
      name="plane"
      title={say("plane_word")}
      tags={<PlaneName shown={shown} pink={pink} />}
      {...{ onClose, onKeyDown }}
    >
      <div className={pink ? "large-body" : "large-body other"}>
        {shown ? (
          <PlanePicture exam={exam} shown={shown} marks={marks} />
        ) : (
          <p className="large-nothing">{say("plane_gone")}</p>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
        <aside className="large-side" tabIndex={0} aria-label={say("plane_word")}>
          {shown && <Told shown={shown} marks={marks} />}
          {children}
        </aside>
      </div>
      <div className="plane-steps">
        <button type="button" className="button small" data-action="plane-before" onClick={() => go(-1)}>
          <KeyCap>←</KeyCap> {say("plane_before")}
        </button>
        <span className="quiet">{say("plane_of", { at: index + 1, count: planes.length })}</span>
        <button type="button" className="button small" data-first data-action="plane-next" onClick={() => go(1)}>
          {say("plane_next")} <KeyCap>→</KeyCap>
        </button>
      </div>
    </Large>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

function PlaneName({ shown, pink }: { readonly shown: EvidentPlane | undefined; readonly pink: boolean }) {
  const words = useWords();
  return (
    shown && (
      <>
        {shown.letter && <Letter letter={shown.letter} current={pink} />}
        <span title={reasonsWhy(shown.alike, words)}>{reasonsText(shown.alike, words)}</span>
      </>
    )
  );
}

interface PictureProps {
  readonly exam: string;
  readonly shown: EvidentPlane;
  readonly marks: boolean;
}

function PlanePicture({ exam, shown: { plane, alike }, marks }: PictureProps) {
  const words = useWords();
  const [width, height] = plane.picture_px;
  return (
    <div className="large-well">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${words.say("plane_word")}${COLON[words.language]}${reasonsText(alike, words)}`}
        data-plane-large={planeKey(plane)}
      >
        <image href={planeAddress(exam, plane.id)} width={width} height={height} />
        {marks && <PlaneMarks plane={plane} />}
      </svg>
    </div>
  );
}

/** What this plane says by itself, what it weighs, and what the marks mean. */
function Told({ shown: { plane, alike, grounds }, marks }: { readonly shown: EvidentPlane; readonly marks: boolean }) {
  const words = useWords();
  const { say, language } = words;
  const share = shareOf(grounds, alike);
  const { malignancy } = plane;
  return (
    <div className="told">
      <p>
        <DraftTag>{say("machine")}</DraftTag>
      </p>
      <dl>
        {typeof malignancy === "number" && (
          <div>
            <dt>{say("plane_alone")}</dt>
            <dd>{percent(probability(malignancy), language)}</dd>
          </div>
        )}
        {grounds && (
          <div>
            <dt>{say("plane_share")}</dt>
            <dd>{share === null ? say("plane_light") : percent(probability(share), language)}</dd>
          </div>
        )}
      </dl>
      {grounds && <p data-grounds>{groundsText(grounds, words)}</p>}
      {marks && (
        <ul className="legend">
          {plane.contour_px.length > 2 && (
            <li>
              <i className="line outline" /> {say("plane_outline")}
            </li>
          )}
          {plane.focus_px && (
            <li>
              <i className="line focus" /> {say("plane_focus")}
            </li>
          )}
        </ul>
      )}
      {plane.focus_px && marks && <p className="hint">{say("plane_focus_why")}</p>}
      <p className="hint">
        <KeyCap>H</KeyCap> {say("marks")}
      </p>
    </div>
  );
}
