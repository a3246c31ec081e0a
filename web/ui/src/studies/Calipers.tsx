import type { KeyboardEvent, PointerEvent } from "react";
import { useWords } from "../words/words";
import type { Point, Scale } from "./scale";
import type { Lie } from "./viewport";

/** A line on a frame, in pixels from the middle of the first one. */
export interface Measure {
  /** Counts from 0; it has the letter, which stays while others are removed. */
  readonly id: number;
  readonly frame: number;
  readonly a: Point;
  readonly b: Point;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const letterOf = (at: number): string => LETTERS[at % LETTERS.length] ?? "?";

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
const FAR = 10;
const ARM = 7;

interface Props {
  readonly measures: readonly Measure[];
  readonly frame: number;
  readonly scale: Scale;
  readonly lie: Lie;
  readonly measuring: boolean;
  readonly onMove: (id: number, end: "a" | "b", to: Point) => void;
  readonly onRemove: (id: number) => void;
}

/** Crosses at the ends and a dotted line; the figures stand beside the picture. While measuring, the regions that have a scale are outlined. */
export function Calipers({ measures, frame, scale, lie, measuring, onMove, onRemove }: Props) {
  const { say } = useWords();
  const at = ({ x, y }: Point): Point => ({ x: lie.x + x * lie.scale, y: lie.y + y * lie.scale });
  const regions = measuring && scale.kind === "regions" ? scale.regions.filter(({ mmPerPx }) => mmPerPx) : [];
  return (
    <div className="calipers">
      <svg aria-hidden="true">
        {regions.map(({ x0, y0, x1, y1 }) => {
          const corner = at({ x: x0 - 0.5, y: y0 - 0.5 });
          return (
            <rect
              key={`${x0} ${y0} ${x1} ${y1}`}
              className="region"
              x={corner.x}
              y={corner.y}
              width={(x1 - x0 + 1) * lie.scale}
              height={(y1 - y0 + 1) * lie.scale}
            />
          );
        })}
        {measures.map((measure) => {
          if (measure.frame !== frame) {
            return null;
          }
          const [a, b] = [at(measure.a), at(measure.b)];
          const cross = ({ x, y }: Point): string => `M${x - ARM} ${y}h${2 * ARM}M${x} ${y - ARM}v${2 * ARM}`;
          const line = `M${a.x} ${a.y}L${b.x} ${b.y}`;
          return (
            <g key={measure.id}>
              <path className="halo" d={`${line}${cross(a)}${cross(b)}`} />
              <path className="dots" d={line} />
              <path className="ends" d={`${cross(a)}${cross(b)}`} />
              <text x={b.x + 10} y={b.y - 10}>
                {letterOf(measure.id)}
              </text>
            </g>
          );
        })}
      </svg>
      {measures.map((measure) =>
        measure.frame === frame
          ? (["a", "b"] as const).map((end, number) => (
              <End
                key={`${measure.id}${end}`}
                name={say("measure_end", { letter: letterOf(measure.id), end: number + 1 })}
                point={measure[end]}
                at={at(measure[end])}
                scale={lie.scale}
                onMove={(to) => onMove(measure.id, end, to)}
                onRemove={() => onRemove(measure.id)}
              />
            ))
          : null,
      )}
    </div>
  );
}

interface EndProps {
  readonly name: string;
  readonly point: Point;
  readonly at: Point;
  readonly scale: number;
  readonly onMove: (to: Point) => void;
  readonly onRemove: () => void;
}

/** One end: dragged, or moved by the arrow keys; Delete takes its line away. */
function End({ name, point, at, scale, onMove, onRemove }: EndProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = ARROWS[event.key];
    if (step) {
      event.preventDefault();
      const far = event.shiftKey ? FAR : 1;
      onMove({ x: point.x + step.x * far, y: point.y + step.y * far });
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      onRemove();
    }
  };
  const onPointerMove = (event: PointerEvent): void => {
    event.stopPropagation();
    if (event.buttons === 1) {
      onMove({ x: point.x + event.movementX / scale, y: point.y + event.movementY / scale });
    }
  };
  return (
    <button
      type="button"
      className="end"
      data-end=""
      aria-label={name}
      title={name}
      style={{ left: at.x, top: at.y }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onPointerMove}
    />
  );
}
