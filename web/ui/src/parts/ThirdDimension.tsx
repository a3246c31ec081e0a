import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { TrackView, TrackVolume, Unfit } from "../api/wire";
import type { Scene } from "../live/examination";
import { basisText, GROWS, growthOf, pathText, thirdOf } from "../live/third";
import { drawSolid, THREE_QUARTERS, type Turn, turned } from "../picture/solid";
import { readTheme } from "../picture/theme";
import { cubicCentimetres, NONE, percent, roundHalfAway } from "../words/numbers";
import { useWords, type WordKey, type Words } from "../words/words";
import { DraftTag, KeyCap, Letter } from "./chips";

interface Props {
  readonly scene: Scene;
  /** The live picture, which the newest plane carries. */
  readonly picture: HTMLCanvasElement | null;
  /** It shares its row with the breast map: the figures stand in one line under the solid. */
  readonly narrow?: boolean;
  /** Opens the coronal view large. */
  readonly onOpen: () => void;
}

export function ThirdDimension({ scene, picture, narrow = false, onOpen }: Props) {
  const words = useWords();
  return (
    <section className={narrow ? "panel third narrow" : "panel third"} aria-labelledby="third-head">
      <h2 className="head" id="third-head">
        {words.say("third_dimension")} <DraftTag>{words.say("simulated")}</DraftTag>
        <span className="space" />
        {!narrow && <span className="note">{words.say("from_speckle")}</span>}
      </h2>
      <div className="third-body">
        <SolidView scene={scene} picture={picture} onOpen={onOpen} />
        {narrow ? <Line scene={scene} /> : <Figures scene={scene} />}
      </div>
      {/* In one line the reason says it already. */}
      {!(narrow && isSaidBriefly(scene)) && <Basis scene={scene} />}
    </section>
  );
}

/** How far one key press or one pixel of dragging turns, radians. */
const KEY_STEP = 0.15;
const DRAG_STEP = 0.012;
/** A pointer that moved so far before it was let go has turned the view and not pressed it, px. */
const A_DRAG = 5;

const KEY_TURNS: Readonly<Record<string, readonly [yaw: number, pitch: number]>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};

function SolidView({ scene, picture, onOpen }: Omit<Props, "narrow">) {
  const words = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [turn, setTurn] = useState<Turn>(THREE_QUARTERS);
  const { update, current } = scene;

  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (!canvas.current || !pen || !update) {
      return;
    }
    const size = [canvas.current.clientWidth, canvas.current.clientHeight] as const;
    const density = window.devicePixelRatio || 1;
    canvas.current.width = Math.round(size[0] * density);
    canvas.current.height = Math.round(size[1] * density);
    pen.setTransform(density, 0, 0, density, 0, 0);
    drawSolid(pen, { update, picture, current, turn, theme: readTheme(), size });
  }, [update, current, picture, turn]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = KEY_TURNS[event.key];
    if (step || event.key === "Home") {
      event.preventDefault();
      setTurn((before) => (step ? turned(before, ...step) : THREE_QUARTERS));
    }
  };
  const dragged = useRef(0);
  const onPointerDown = (event: PointerEvent): void => {
    dragged.current = 0;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (event.buttons > 0) {
      dragged.current += Math.abs(event.movementX) + Math.abs(event.movementY);
      const [dx, dy] = [event.movementX * DRAG_STEP, event.movementY * DRAG_STEP];
      setTurn((before) => turned(before, dx, dy));
    }
  };
  return (
    <button
      type="button"
      className="turn"
      aria-label={words.say("turn_view")}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onClick={() => dragged.current < A_DRAG && onOpen()}
    >
      <canvas ref={canvas} />
      <KeyCap>V</KeyCap>
    </button>
  );
}

/** On what lengths along the sweep rest, small, where they are shown; whole where it is pointed at. */
function Basis({ scene: { update } }: { readonly scene: Scene }) {
  const words = useWords();
  const text = update && basisText(update.volume, words);
  return text ? (
    <p className="third-basis" title={text}>
      {text}
    </p>
  ) : null;
}

/** The volume of the current lesion with its error: a mark says that it grows, and where the lesion was cut there is none. */
function volumeText(
  solid: TrackVolume,
  track: TrackView | undefined,
  { say, language }: Words,
): { readonly text: string; readonly title: string } {
  const growth = track ? growthOf(track, solid) : "whole";
  if (growth === "cut") {
    return { text: say("ends_not_met"), title: say("ends_not_met") };
  }
  const error = percent(String(roundHalfAway(solid.relative_error * 100)), language);
  const text = `${cubicCentimetres(solid.volume_cm3)}\u202fcm³ ± ${error}`;
  return growth === "grows" ? { text: `${text}${GROWS}`, title: say("grows") } : { text, title: say("from_speckle") };
}

/** The volume of the current lesion with its error in one line, or why there is none. */
function Line({ scene: { update, current } }: { readonly scene: Scene }) {
  const words = useWords();
  const { say } = words;
  const solid = update?.volume.tracks.find((track) => track.track === current);
  if (solid) {
    const { text, title } = volumeText(
      solid,
      update?.tracks.find(({ id }) => id === current),
      words,
    );
    return (
      <p className="third-line" title={title}>
        {text}
      </p>
    );
  }
  return update?.volume.unfit ? (
    <div className="third-line">
      <UnfitNote unfit={update.volume.unfit} brief={true} />
    </div>
  ) : (
    <p className="third-line" title={say("no_solid")}>
      {update && update.volume.path_mm !== null ? `${say("path")} ${pathText(update.volume)}` : NONE}
    </p>
  );
}

/** What a person can do about it; the other reasons say it themselves. */
const MENDED_BY: Readonly<Partial<Record<Unfit, WordKey>>> = {
  not_calibrated: "unfit_not_calibrated_do",
  scale_unknown: "scale_unknown_do",
};

/** Where there is room for one line: the reason, and what is left without it. */
const BRIEFLY: Readonly<Partial<Record<Unfit, WordKey>>> = {
  not_calibrated: "unfit_not_calibrated_brief",
  scale_unknown: "unfit_scale_unknown_brief",
};

function isSaidBriefly({ update }: Scene): boolean {
  const unfit = update?.volume.unfit ?? null;
  return unfit !== null && BRIEFLY[unfit] !== undefined;
}

/** Why there are no lengths along the sweep, and what to do about it. */
export function UnfitNote({ unfit, brief = false }: { readonly unfit: Unfit; readonly brief?: boolean }) {
  const { say } = useWords();
  const mend = MENDED_BY[unfit];
  const reason = say(`unfit_${unfit}`);
  const short = BRIEFLY[unfit];
  return (
    <>
      <p className="unfit">{brief ? (short ? say(short) : reason) : say("unfit", { reason })}</p>
      {mend && <p className="note">{say(mend)}</p>}
    </>
  );
}

/** The simulated figures of the current lesion, each with its error, or why there are none. */
function Figures({ scene: { update, current } }: { readonly scene: Scene }) {
  const words = useWords();
  const { say } = words;
  if (!update) {
    return <div className="figures3" />;
  }
  const { volume } = update;
  const solid = volume.tracks.find((track) => track.track === current);
  const track = update.tracks.find(({ id }) => id === current);
  const third = track && thirdOf(track, solid);
  const path = pathText(volume);
  const shown = solid && volumeText(solid, track, words);
  return (
    <div className="figures3">
      {solid && shown ? (
        <>
          <p className="owner" title={shown.title}>
            <Letter letter={solid.letter} current={true} />
            <span>{shown.text}</span>
          </p>
          <dl>
            <dt>{say("third_axis")}</dt>
            <dd>{third ? `${third}\u202fmm` : NONE}</dd>
            <dt>{say("path")}</dt>
            <dd>{path}</dd>
          </dl>
        </>
      ) : (
        <>
          {volume.unfit ? <UnfitNote unfit={volume.unfit} /> : <p className="hint">{say("no_solid")}</p>}
          <dl>
            <dt>{say("path")}</dt>
            <dd>{path}</dd>
          </dl>
        </>
      )}
    </div>
  );
}
