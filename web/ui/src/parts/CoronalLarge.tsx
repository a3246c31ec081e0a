import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { CoronalPicture } from "../api/message";
import type { CoronalLesion, CoronalView, LiveUpdate, Xy } from "../api/wire";
import { type Coronal, useCoronal } from "../live/coronal";
import type { Scene } from "../live/examination";
import { growthOf, isSimulated, thirdOf } from "../live/third";
import { drawCoronal } from "../picture/coronal";
import { depthText, extents, wayText } from "../picture/coronalText";
import { readTheme } from "../picture/theme";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { DraftTag, Letter } from "./chips";
import { Large, LiveInset } from "./Large";
import { UnfitNote } from "./ThirdDimension";

interface Props {
  readonly scene: Scene;
  /** The live picture. */
  readonly picture: HTMLCanvasElement | null;
  readonly marks: boolean;
  readonly onClose: () => void;
}

/** The plane parallel to the skin, at the chosen lesion's middle or at a depth that a person sets. */
export function CoronalLarge({ scene, picture, marks, onClose }: Props) {
  const { say } = useWords();
  const { update, current } = scene;
  // A person's depth holds for the lesion that it was set for: another one is shown at its own middle.
  const [set, setSet] = useState<{ readonly depth: number; readonly lesion: number | null } | null>(null);
  const depth = set && set.lesion === current ? set.depth : null;
  const coronal = useCoronal(update?.state.exam ?? null, { depth, lesion: current });
  const shown = coronal.kind === "shown" ? coronal.picture : null;
  return (
    <Large name="coronal" title={say("coronal_title")} tags={<DraftTag>{say("simulated")}</DraftTag>} onClose={onClose}>
      <div className="large-body">
        {coronal.kind === "shown" ? (
          <Plane shown={coronal.picture} scene={scene} marks={marks} />
        ) : (
          <Nothing kind={coronal.kind} />
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
        <aside className="large-side" tabIndex={0} aria-label={say("coronal_title")}>
          {shown && <Told view={shown.view} scene={scene} marks={marks} />}
          <LiveInset picture={picture} frame={update?.frame ?? 0} />
        </aside>
      </div>
      <Depth
        view={shown?.view ?? null}
        depth={depth}
        letter={letterOf(scene)}
        onDepth={(next) => setSet(next === null ? null : { depth: next, lesion: current })}
      />
    </Large>
  );
}

function letterOf({ update, current }: Scene): string | null {
  return update?.tracks.find((track) => track.id === current)?.letter ?? null;
}

function Nothing({ kind }: { readonly kind: Exclude<Coronal["kind"], "shown"> }) {
  const { say } = useWords();
  return <p className="large-nothing">{kind === "waiting" ? "" : say(`coronal_${kind}`)}</p>;
}

interface PlaneProps {
  readonly shown: CoronalPicture;
  readonly scene: Scene;
  readonly marks: boolean;
}

function Plane({ shown, scene: { update, current }, marks }: PlaneProps) {
  const { say } = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const grey = useMemo(() => document.createElement("canvas"), []);
  const dismissed = useMemo(
    () => new Set(update?.tracks.filter((track) => track.dismissed).map((track) => track.id)),
    [update],
  );
  const size = useSize(canvas);
  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (!canvas.current || !pen || !size) {
      return;
    }
    const density = window.devicePixelRatio || 1;
    canvas.current.width = Math.round(size[0] * density);
    canvas.current.height = Math.round(size[1] * density);
    pen.setTransform(density, 0, 0, density, 0, 0);
    const unit = (axis: CoronalView["across"]): string => say(`unit_${axis.unit}`);
    drawCoronal(pen, grey, { picture: shown, current, dismissed, marks, theme: readTheme(), size, unit });
  }, [shown, current, dismissed, marks, size, grey, say]);
  return (
    <div className="large-well">
      <canvas
        ref={canvas}
        role="img"
        aria-label={say("coronal_label", { depth: depthText(shown.view) })}
        data-coronal={shown.view.depth}
      />
    </div>
  );
}

/** The element's size, CSS pixels, as it changes. */
function useSize(canvas: React.RefObject<HTMLCanvasElement | null>): Xy | null {
  const [size, setSize] = useState<Xy | null>(null);
  useEffect(() => {
    const box = canvas.current?.parentElement;
    if (!box) {
      return;
    }
    const watcher = new ResizeObserver(() => setSize([box.clientWidth, box.clientHeight]));
    watcher.observe(box);
    return () => watcher.disconnect();
  }, [canvas]);
  return size;
}

/** The chosen lesion's extents with their errors, the way, and what stands in the way of a size. */
function Told({
  view,
  scene: { current, update },
  marks,
}: {
  readonly view: CoronalView;
  readonly scene: Scene;
  readonly marks: boolean;
}) {
  const { say } = useWords();
  const lesion = view.lesions.find(({ track }) => track === current);
  return (
    <div className="told">
      {lesion && <Extents view={view} lesion={lesion} update={update} />}
      <dl>
        <Figure name={say("coronal_way")}>{wayText(view)}</Figure>
      </dl>
      {view.along.unit !== "mm" && <p className="unfit">{say("coronal_no_lengths")}</p>}
      {view.unfit && <UnfitNote unfit={view.unfit} />}
      {view.turned_back.length > 0 && <p className="hint">{say("coronal_turned")}</p>}
      {lesion?.outline.length === 0 && <p className="hint">{say("coronal_elsewhere")}</p>}
      {marks && (
        <ul className="legend">
          <li>
            <i className="line plane" /> {say("coronal_now")}
          </li>
          <li>
            <i className="line way" /> {say("coronal_path")}
          </li>
          {view.turned_back.length > 0 && (
            <li>
              <i className="line turn-back" /> {say("coronal_turn")}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

interface ExtentsProps {
  readonly view: CoronalView;
  readonly lesion: CoronalLesion;
  readonly update: LiveUpdate | null;
}

function Extents({ view, lesion, update }: ExtentsProps) {
  const { say } = useWords();
  const { across, along, deep } = extents(view, lesion);
  const track = update?.tracks.find(({ id }) => id === lesion.track);
  const solid = update?.volume.tracks.find((each) => each.track === lesion.track);
  // As on the list of lesions: what grows is marked, and of what left before both its ends were met there is no length along the sweep.
  const growth = track ? growthOf(track, solid) : "whole";
  const third = track && thirdOf(track, solid);
  const sim = track && !isSimulated(track) ? "" : ` ${say("sim")}`;
  return (
    <>
      <p className="owner">
        <Letter letter={lesion.letter} current={true} /> {say("coronal_extent")}
      </p>
      <dl>
        <Figure name={say("axis_across")}>{across}</Figure>
        <Figure name={say("axis_deep")}>{deep}</Figure>
        <Figure name={say("axis_along")}>{growth === "cut" ? NONE : (third ? `${third}\u202fmm` : along) + sim}</Figure>
      </dl>
      {growth === "cut" && <p className="hint">{say("ends_not_met")}</p>}
      {growth === "grows" && <p className="hint">{say("grows")}</p>}
    </>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface DepthProps {
  readonly view: CoronalView | null;
  /** What a person set; `null`: the lesion's middle. */
  readonly depth: number | null;
  readonly letter: string | null;
  readonly onDepth: (depth: number | null) => void;
}

function Depth({ view, depth, letter, onDepth }: DepthProps) {
  const { say } = useWords();
  return (
    <div className="depth-row">
      <label htmlFor="coronal-depth">{say("coronal_depth")}</label>
      <input
        id="coronal-depth"
        type="range"
        data-first
        min={0}
        max={view?.deepest ?? 1}
        step={view?.across.unit === "px" ? 5 : 0.5}
        value={depth ?? view?.depth ?? 0}
        aria-valuetext={view ? depthText(view) : undefined}
        onChange={(event) => onDepth(Number(event.target.value))}
      />
      <output htmlFor="coronal-depth">{view ? depthText(view) : ""}</output>
      <button
        type="button"
        className="button small"
        data-action="coronal-middle"
        aria-disabled={depth === null}
        onClick={() => onDepth(null)}
      >
        {letter ? say("coronal_at_lesion", { letter }) : say("coronal_half")}
      </button>
    </div>
  );
}
