import { useState } from "react";
import { type Grounds, type Plane, planeAddress } from "../exam/api";
import { type EvidentPlane, evident, groundsText, planeKey, reasonsText, reasonsWhy, shareOf } from "../exam/evidence";
import { Letter } from "../parts/chips";
import { PlaneLarge } from "../parts/PlaneLarge";
import { PlaneMarks } from "../parts/PlaneMarks";
import { Icon } from "../parts/shapes";
import { COLON } from "../words/marks";
import { millimetres, percent, probability, roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { useReview } from "./context";
import { Row } from "./inputs";

interface Props {
  readonly planes: readonly Plane[];
  readonly letter: string | null;
  readonly grounds?: Grounds | null | undefined;
}

/** The key planes, each with its outline and what it weighs; a person may take one out, and undo brings it back. */
export function Planes({ planes, letter, grounds }: Props) {
  const words = useWords();
  const { say } = words;
  const { exam, marks } = useReview();
  const [open, setOpen] = useState<string | null>(null);
  const shown = evident(planes, letter, grounds);
  return (
    <Row label={say("key_planes")}>
      {planes.length === 0 && <span className="faint">{say("no_planes_kept")}</span>}
      <ul className="planes">
        {shown.map((each) => (
          <li key={each.plane.id}>
            <Tile shown={each} onOpen={() => setOpen(planeKey(each.plane))} />
          </li>
        ))}
      </ul>
      {grounds && planes.length > 0 && <p className="note grounds">{groundsText(grounds, words)}</p>}
      {open !== null && (
        <PlaneLarge
          {...{ exam, open, marks }}
          planes={shown}
          onOpen={setOpen}
          onClose={() => setOpen(null)}
          alone={true}
        />
      )}
    </Row>
  );
}

interface TileProps {
  readonly shown: EvidentPlane;
  readonly onOpen: () => void;
}

function Tile({ shown: { plane, alike, letter, grounds }, onOpen }: TileProps) {
  const words = useWords();
  const { say, language } = words;
  const { exam, act, readOnly, marks } = useReview();
  const [width, height] = plane.picture_px;
  const name = reasonsText(alike, words);
  const share = shareOf(grounds, alike);
  return (
    <div className="tile" title={reasonsWhy(alike, words)}>
      <svg viewBox={cropOf(plane)} preserveAspectRatio="xMidYMid slice" role="img" aria-label={name}>
        <image href={planeAddress(exam, plane.id)} width={width} height={height} />
        {marks && <PlaneMarks plane={plane} />}
      </svg>
      <button
        type="button"
        className="open"
        aria-label={`${say("plane_open")}${COLON[language]}${name}`}
        onClick={onOpen}
      />
      {!readOnly && (
        <button
          type="button"
          className="release"
          aria-label={`${say("release_plane")}${COLON[language]}${name}`}
          title={say("release_plane")}
          // The picture is what a person takes out, with every reason for which it was kept.
          onClick={() => {
            for (const { id } of alike) {
              act({ act: "release_plane", plane: id });
            }
          }}
        >
          <Icon name="dismiss" />
        </button>
      )}
      <span className="caption">
        <span className="why">
          {letter && <Letter letter={letter} current={true} />}
          <span>{name}</span>
        </span>
        <span>{longest(plane)}</span>
        {share !== null && (
          <span className="share" title={say("plane_share")}>
            {percent(probability(share), language)}
          </span>
        )}
      </span>
    </div>
  );
}

function longest({ size }: Plane): string {
  if (!size) {
    return "";
  }
  return size.unit === "mm" ? `${millimetres(size.long)}\u202fmm` : `${roundHalfAway(size.long)}\u202fpx`;
}

/** The part of the picture around the outline, at least a third of its width; all of it where there is none. */
export function cropOf({ contour_px, picture_px: [width, height] }: Plane): string {
  if (contour_px.length === 0) {
    return `0 0 ${width} ${height}`;
  }
  const xs = contour_px.map(([x]) => x);
  const ys = contour_px.map(([, y]) => y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const w = Math.min(width, Math.max((x1 - x0) * 2, (y1 - y0) * 2.4, width / 3));
  const h = Math.min(height, w * 0.71);
  const x = Math.max(0, Math.min(width - w, (x0 + x1 - w) / 2));
  const y = Math.max(0, Math.min(height - h, (y0 + y1 - h) / 2));
  return [x, y, w, h].map((value) => value.toFixed(0)).join(" ");
}
