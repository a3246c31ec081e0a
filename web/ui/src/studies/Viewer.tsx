import { type PointerEvent, useEffect, useRef, useState, type WheelEvent } from "react";
import { KeyCap } from "../parts/chips";
import { Icon, Shape } from "../parts/shapes";
import { COMMA } from "../words/marks";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import { Calipers, type Measure } from "./Calipers";
import { CineBar } from "./CineBar";
import { reasonText } from "./client";
import { Lengths } from "./Lengths";
import { type Picture, unfitText } from "./picture";
import type { Point } from "./scale";
import type { InstanceTile } from "./study";
import { type UsedPicture, usePicture } from "./usePicture";

const ZOOM_STEP = 1.25;
/** A line shorter than this is a click, px. */
const SHORTEST_PX = 3;
/** Where a length begins that is set by key: this much of the picture to either side of its middle. */
const BY_KEY = 0.1;

/** One image: the picture, the lengths on it, and the cine that it may be. */
export function Viewer({ tile }: { readonly tile: InstanceTile }) {
  const { say, language } = useWords();
  const element = useRef<HTMLDivElement>(null);
  const used = usePicture(tile, element);
  const { picture, view, lie, cine, state, told } = used;
  const [measuring, setMeasuring] = useState(false);
  const [marks, setMarks] = useState(true);
  const [measures, setMeasures] = useState<readonly Measure[]>([]);
  const drag = useRef<{ readonly at: Point; readonly measure: number | null } | null>(null);
  const made = useRef(0);

  const pixel = (event: PointerEvent): Point | null => {
    const box = element.current?.getBoundingClientRect();
    return box && lie
      ? { x: (event.clientX - box.left - lie.x) / lie.scale, y: (event.clientY - box.top - lie.y) / lie.scale }
      : null;
  };
  const add = (a: Point, b: Point): number => {
    cine?.setPlaying(false);
    told();
    const id = made.current++;
    setMarks(true);
    setMeasures((before) => [...before, { id, frame: cine?.state.frame ?? 0, a, b }]);
    return id;
  };
  const move = (id: number, end: "a" | "b", to: Point): void => {
    const within = (value: number, size: number): number => Math.min(Math.max(value, -0.5), size - 0.5);
    const at = picture ? { x: within(to.x, picture.columns), y: within(to.y, picture.rows) } : to;
    setMeasures((before) => before.map((one) => (one.id === id ? { ...one, [end]: at } : one)));
  };
  const remove = (id: number): void => setMeasures((before) => before.filter((one) => one.id !== id));
  const toggleMeasuring = (byKey: boolean): void => {
    setMeasuring(!measuring);
    if (byKey && !measuring && picture) {
      const [x, y, half] = [picture.columns / 2, picture.rows / 2, picture.columns * BY_KEY];
      add({ x: x - half, y }, { x: x + half, y });
    }
  };

  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    const at = pixel(event);
    if (!at || event.button !== 0) {
      return;
    }
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { at: { x: event.clientX, y: event.clientY }, measure: measuring ? add(at, at) : null };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const { current } = drag;
    const at = pixel(event);
    if (!current || !at) {
      return;
    }
    if (current.measure !== null) {
      move(current.measure, "b", at);
    } else {
      view?.pan(event.clientX - current.at.x, event.clientY - current.at.y);
      drag.current = { at: { x: event.clientX, y: event.clientY }, measure: null };
    }
  };
  const onPointerUp = (): void => {
    const id = drag.current?.measure;
    drag.current = null;
    if (id != null) {
      const drawn = measures.find((one) => one.id === id);
      if (drawn && Math.hypot(drawn.b.x - drawn.a.x, drawn.b.y - drawn.a.y) < SHORTEST_PX) {
        // A click: its letter is free again.
        made.current = id;
        remove(id);
      }
    }
  };
  const onWheel = (event: WheelEvent): void => view?.zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);

  useKeys(told, [
    [" ", () => cine?.setPlaying(!state.playing)],
    ["ArrowLeft", () => cine?.step(-1)],
    ["ArrowRight", () => cine?.step(1)],
    ["Home", () => cine?.goTo(0)],
    ["End", () => cine?.goTo(cine.count - 1)],
    ["r", () => toggleMeasuring(true)],
    ["h", () => setMarks(!marks)],
    ["+", () => view?.zoom(ZOOM_STEP)],
    ["-", () => view?.zoom(1 / ZOOM_STEP)],
    ["0", () => view?.fit()],
  ]);

  return (
    <>
      <main className="stage-of">
        <div
          className={measuring ? "picture-of measuring" : "picture-of"}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
          onWheel={onWheel}
        >
          <div
            className="canvas-of"
            ref={element}
            role="img"
            aria-label={`${say("picture")}${COMMA[language]}${say("image_number", { number: tile.number ?? NONE })}`}
          />
          {view && lie && picture && marks && (
            <Calipers
              measures={measures}
              frame={state.frame}
              scale={picture.scale}
              lie={lie}
              measuring={measuring}
              onMove={move}
              onRemove={remove}
            />
          )}
          <Over used={used} />
        </div>
        {picture && picture.frames > 1 && cine && (
          <CineBar cine={cine} state={state} loaded={used.loaded} missing={used.missing} told={told} />
        )}
      </main>
      <aside className="beside">
        {used.unfit === null && (
          <div className="tools">
            <button
              type="button"
              className={measuring ? "button on" : "button"}
              aria-pressed={measuring}
              data-action="measure"
              onClick={(event) => toggleMeasuring(event.detail === 0)}
            >
              <Icon name="pen" />
              {say("measure")} <KeyCap>R</KeyCap>
            </button>
            <span className="row">
              <button
                type="button"
                className="button square"
                aria-label={say("zoom_out")}
                onClick={() => view?.zoom(1 / ZOOM_STEP)}
              >
                −
              </button>
              <button type="button" className="button" onClick={() => view?.fit()}>
                {say("zoom_fit")}
              </button>
              <button
                type="button"
                className="button square"
                aria-label={say("zoom_in")}
                onClick={() => view?.zoom(ZOOM_STEP)}
              >
                +
              </button>
            </span>
          </div>
        )}
        {picture && (
          <Lengths
            measures={measures}
            scale={picture.scale}
            onRemove={remove}
            onShow={(frame) => {
              cine?.goTo(frame);
              told();
            }}
            multi={picture.frames > 1}
            measuring={measuring}
          />
        )}
        {picture?.grey && view && used.window && <Windowing used={used} />}
        {picture && <About picture={picture} />}
      </aside>
    </>
  );
}

/** What lies over the picture while there is none. */
function Over({ used: { error, unfit, view, picture } }: { readonly used: UsedPicture }) {
  const words = useWords();
  const { say } = words;
  if (error !== null) {
    return (
      <p className="over row" role="alert">
        <Shape status="stop" />
        {say("picture_fails", { reason: typeof error === "string" ? error : reasonText(error, words) })}
      </p>
    );
  }
  if (unfit !== null) {
    return (
      <p className="over row" role="alert" data-unfit={unfit.unfit}>
        <Shape status="warn" />
        {unfitText(unfit, words)}
      </p>
    );
  }
  return view && picture ? null : (
    <p className="over waiting hint" role="status">
      {say("picture_loading")}
    </p>
  );
}

/** Keys of the page; while something is written or chosen they are its own. `told` is called after each. */
function useKeys(told: () => void, keys: readonly (readonly [string, () => void])[]): void {
  const now = useRef({ told, keys });
  now.current = { told, keys };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const { target } = event;
      const taken =
        target instanceof Element &&
        (target.closest("input, select, textarea, [data-end]") || (event.key === " " && target.closest("button, a")));
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const act = now.current.keys.find(([key]) => key === pressed)?.[1];
      if (act && !taken && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        act();
        now.current.told();
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

function Windowing({ used: { view, window: shown, setWindow } }: { readonly used: UsedPicture }) {
  const { say } = useWords();
  if (!view || !shown) {
    return null;
  }
  const [low, high] = view.extent;
  const slider = (name: string, value: number, from: number, to: number, onChange: (value: number) => void) => (
    <label className="slider">
      <span>{name}</span>
      <input
        type="range"
        min={from}
        max={to}
        step={Math.max((to - from) / 256, 0.01)}
        value={value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <output>{Math.round(value)}</output>
    </label>
  );
  return (
    <section className="part-of" data-part="window">
      <h2 className="head">{say("window")}</h2>
      {slider(say("window_centre"), shown.centre, low, high, (centre) => setWindow({ ...shown, centre }))}
      {slider(say("window_width"), shown.width, 1, Math.max(high - low + 1, 2), (width) =>
        setWindow({ ...shown, width }),
      )}
      <button type="button" className="button small" onClick={() => setWindow(null)}>
        {say("window_reset")}
      </button>
    </section>
  );
}

const WHOLE = { patient: "scale_whole", detector: "scale_detector", magnified: "scale_magnified" } as const;

function About({ picture }: { readonly picture: Picture }) {
  const { say, language } = useWords();
  const { scale } = picture;
  const regions = scale.kind === "regions" ? scale.regions.filter(({ mmPerPx }) => mmPerPx).length : 0;
  const scaleText =
    scale.kind === "none"
      ? say("scale_none")
      : scale.kind === "whole"
        ? say(WHOLE[scale.from])
        : regions === 1
          ? say("scale_one_region")
          : say("scale_regions", { count: regions });
  return (
    <section className="part-of">
      <h2 className="head">{say("facts")}</h2>
      <dl className="facts">
        <dt>{say("fact_size")}</dt>
        <dd>
          {picture.columns} × {picture.rows}
          {picture.frames > 1 && `${COMMA[language]}${say("frames_count", { count: picture.frames })}`}
          {picture.framesSaid !== null && (
            <small data-part="frames-said">
              {say("frames_said", { count: picture.frames, said: picture.framesSaid.toLocaleString("en-US") })}
            </small>
          )}
        </dd>
        <dt>{say("picture_scale")}</dt>
        <dd data-part="scale">{scaleText}</dd>
        <dt>{say("fact_device")}</dt>
        <dd>{picture.device ?? NONE}</dd>
      </dl>
    </section>
  );
}
