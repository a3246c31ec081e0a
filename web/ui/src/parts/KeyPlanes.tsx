import { memo, useEffect, useRef, useState } from "react";
import type { KeyPlane } from "../api/wire";
import { byFrame, groundsOf, planeKey, reasonsText, reasonsWhy } from "../exam/evidence";
import type { Examination, Scene } from "../live/examination";
import { type ShownPlane, useShownPlane } from "../live/planePicture";
import { millimetres, percent, probability, roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { Letter } from "./chips";
import { Icon } from "./shapes";

/** How long a new plane keeps its pink edge, ms. */
const NEWS_MS = 2000;

interface Props {
  readonly examination: Examination;
  readonly scene: Scene;
  /** Opens a plane large, by [`planeKey`]. */
  readonly onOpen: (key: string) => void;
}

export function KeyPlanes({ examination, scene, onOpen }: Props) {
  const words = useWords();
  const planes = scene.update?.key_planes ?? [];
  const list = useRef<HTMLUListElement>(null);
  const { current } = scene;
  const track = scene.update?.tracks.find(({ id }) => id === current);
  const grounds = track && groundsOf(track, words);
  // The strip turns to the current lesion's planes; it scrolls itself and never the page.
  useEffect(() => {
    const first = list.current?.querySelector<HTMLElement>(`[data-track="${current}"]`);
    if (list.current && first) {
      const { scrollWidth, clientWidth } = list.current;
      const sideways = scrollWidth > clientWidth;
      list.current.scrollTo(
        sideways
          ? { left: first.offsetLeft - list.current.offsetLeft }
          : { top: first.offsetTop - list.current.offsetTop },
      );
    }
  }, [current]);
  const shown = byFrame(
    planes.filter((plane) => plane.letter !== null || plane.reason === "kept"),
    (plane) => ({ ...plane, lesion: plane.track, outline: plane.box_px }),
  );
  return (
    <aside className="strip" aria-label={words.say("key_planes")}>
      <h2 className="head">
        {words.say("key_planes")} <span className="count">{shown.length || ""}</span>
      </h2>
      {shown.length === 0 && <p className="hint">{words.say("no_planes")}</p>}
      <ul className="tiles" ref={list}>
        {shown.map((alike) => (
          <li key={planeKey({ ...alike[0], lesion: alike[0].track })}>
            <Tile
              plane={alike[0]}
              reasons={reasonsText(alike, words)}
              why={reasonsWhy(alike, words)}
              share={shareOf(alike)}
              isCurrent={alike[0].track !== null && alike[0].track === current}
              examination={examination}
              onOpen={onOpen}
            />
          </li>
        ))}
      </ul>
      {grounds && shown.length > 0 && (
        <p className="note" data-grounds>
          {grounds}
        </p>
      )}
    </aside>
  );
}

/** Planes on the same frame weigh alike; a former one of them may not be weighed yet. */
function shareOf(alike: readonly KeyPlane[]): number | null {
  return alike.find(({ share }) => share !== null)?.share ?? null;
}

interface TileProps {
  /** The first of those on the same frame. */
  readonly plane: KeyPlane;
  /** Every reason for which the frame is kept, and the same at length. */
  readonly reasons: string;
  readonly why: string;
  readonly share: number | null;
  /** It shows the lesion that is talked about now. */
  readonly isCurrent: boolean;
  readonly examination: Examination;
  readonly onOpen: (key: string) => void;
}

const Tile = memo(function Tile({ plane, reasons, why, share, isCurrent, examination, onOpen }: TileProps) {
  const words = useWords();
  const shown = useShownPlane(plane);
  const fresh = useNews(shown?.plane.id ?? null);
  const { track, letter, reason } = plane;
  const size = longest(shown?.plane ?? plane);
  return (
    <button
      type="button"
      className={`tile ${fresh && isCurrent ? "fresh" : ""}`}
      onClick={() => {
        if (track !== null) {
          examination.choose(track);
        }
        onOpen(planeKey({ ...plane, lesion: track }));
      }}
      title={why}
      data-plane={shown?.plane.id}
      data-track={track}
    >
      <span className="hidden">{words.say("plane_word")} </span>
      {shown ? <Crop {...shown} /> : <span className="well" />}
      <span className="caption">
        <span className="why">
          {letter && <Letter letter={letter} current={isCurrent} />}
          {reason === "kept" && (
            <span className="hand" title={words.say("kept_by_person")}>
              <Icon name="tick" />
            </span>
          )}
          <span>{reasons}</span>
        </span>
        <span>{size}</span>
        {share !== null && (
          <span className="share" title={words.say("plane_share")}>
            {percent(probability(share), words.language)}
          </span>
        )}
      </span>
    </button>
  );
});

/** The lesion and what is around it. */
function Crop({ plane, picture }: ShownPlane) {
  const [width, height] = plane.size_of_picture_px;
  return (
    <svg viewBox={cropOf(plane)} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <image href={picture} width={width} height={height} />
    </svg>
  );
}

/** True for two seconds after `id` changed. */
function useNews(id: number | null): boolean {
  const [fresh, setFresh] = useState(false);
  useEffect(() => {
    setFresh(id !== null);
    const timer = setTimeout(() => setFresh(false), NEWS_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return fresh;
}

function longest({ size_mm, size_px }: KeyPlane): string {
  return size_mm ? `${millimetres(size_mm.long)}\u202fmm` : size_px ? `${roundHalfAway(size_px.long)}\u202fpx` : "";
}

/** The part of the picture around the lesion, at least a third of its width; all of it where there is none. */
function cropOf({ box_px, size_of_picture_px: [width, height] }: KeyPlane): string {
  if (!box_px) {
    return `0 0 ${width} ${height}`;
  }
  const [x0, y0, x1, y1] = box_px;
  const w = Math.min(width, Math.max((x1 - x0) * 2, (y1 - y0) * 2.8, width / 3));
  const h = Math.min(height, w * 0.71);
  const x = Math.max(0, Math.min(width - w, (x0 + x1 - w) / 2));
  const y = Math.max(0, Math.min(height - h, (y0 + y1 - h) / 2));
  return [x, y, w, h].map((value) => value.toFixed(0)).join(" ");
}
