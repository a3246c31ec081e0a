/** Both breasts from the front, with what is known of where things lie. Only a drawing: who listens to it is around it. */
import type { Place, Side } from "../exam/api";
import { useWords, type Words } from "../words/words";
import { DRAWING, drawnAt, drawnLength, type Point, spread } from "./geometry";

export interface MapLesion {
  readonly letter: string;
  readonly place: Place | null;
  readonly current: boolean;
}

/** A part that was scanned, millimetres from the nipple, x to the viewer's right and y up. */
export interface Strip {
  readonly side: Side;
  readonly x_mm: readonly [number, number];
  readonly y_mm: readonly [number, number];
}

export interface MapProps {
  readonly lesions: readonly MapLesion[];
  /** Of each breast, the hours of the clock at which a person said that the probe stood; shown at reading size. */
  readonly named: Readonly<Partial<Record<Side, number>>>;
  readonly strips?: readonly Strip[];
  readonly probe?: Place | null;
  /** A place that is being chosen. */
  readonly choice?: Place | null;
  readonly large?: boolean;
}

const { width, height, centreY, radius, centreX } = DRAWING;
const SIDES = ["right", "left"] as const;
/** The right breast with its axillary tail; the left is its mirror image. */
const OUTLINE =
  "M60.3 21.5C49.8 20.9 41.7 15.7 33.6 14.5C22.6 13.4 16.2 22.6 19.7 33.1C22.6 41.2 24.9 49.3 22.9 66A58 58 0 1 0 60.3 21.5Z";
const MIRROR = `matrix(-1 0 0 1 ${width} 0)`;
const HOURS = [...Array(12).keys()];
const RINGS_MM = [20, 40, 60] as const;
/** More dots than this do not fit between the two labels under the map. */
const MOST_WAITING = 3;

/** Where they stand on the map at reading size. */
const WAITING_Y = 147;

/** Dots nearer to each other than this, of a dot's own size, would cover each other's letters. */
const APART = 27;

/** A lesion's dot, and where the lesion lies, where that is known. */
interface DotOf {
  readonly letter: string;
  readonly current: boolean;
  readonly at: Point | null;
  readonly dot: Point;
}

/** Where the dots stand: those of one place beside each other, those without one under the map, and how many more there are. */
export function dotsOf(lesions: readonly MapLesion[], large: boolean) {
  const scale = scaleOf(large);
  const placed: readonly DotOf[] = SIDES.flatMap((side) => {
    const here = lesions.flatMap((lesion) => {
      const at = lesion.place?.side === side && drawnAt(lesion.place);
      return at ? [{ ...lesion, at }] : [];
    });
    const dots = spread(
      here.map(({ at }) => at),
      APART * scale,
      side,
    );
    return here.map(({ letter, current, at }, index) => ({ letter, current, at, dot: dots[index] ?? at }));
  });
  const waiting = lesions
    .filter(({ place }) => !place || !drawnAt(place))
    .toSorted((a, b) => Number(b.current) - Number(a.current));
  const shown = waiting.length > MOST_WAITING ? waiting.slice(0, MOST_WAITING - 1) : waiting;
  const rest = waiting.length - shown.length;
  const slots = shown.length + (rest > 0 ? 1 : 0);
  // At reading size the line under the labels says more than half of the way: they wait above it, where the breasts leave room.
  const waitY = large ? WAITING_Y : height - 13 * scale - 2;
  const slot = (index: number): Point => [width / 2 + (index - (slots - 1) / 2) * 27 * scale, waitY];
  const waits: readonly DotOf[] = shown.map(({ letter, current }, index) => ({
    letter,
    current,
    at: null,
    dot: slot(index),
  }));
  const hidden = waiting.slice(shown.length).map(({ letter }) => letter);
  return { placed, waits, rest, hidden, more: slot(shown.length) } as const;
}

const scaleOf = (large: boolean): number => (large ? 0.62 : 1);

export function BreastMap({ lesions, named, strips = [], probe = null, choice = null, large = false }: MapProps) {
  const { say } = useWords();
  const scale = scaleOf(large);
  const { placed, waits, rest, more } = dotsOf(lesions, large);
  return (
    <svg className={large ? "map large" : "map"} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {SIDES.map((side) => (
        <Breast key={side} side={side} strips={strips.filter((strip) => strip.side === side)} large={large} />
      ))}
      {SIDES.map((side) => (
        <text
          key={side}
          className="map-label"
          x={centreX[side]}
          y={height - (large ? 16 : 4)}
          fontSize={large ? 10 : 17}
        >
          {say(large ? `${side}_breast` : `map_${side}`)}
        </text>
      ))}
      {large &&
        SIDES.map((side) => (
          <text key={side} className="map-figure" x={centreX[side]} y={height - 5} fontSize={10}>
            {placesNamed(named[side], say)}
          </text>
        ))}
      {probe && <Probe place={probe} />}
      {placed.map(({ letter, at, dot }) => at && <Leader key={letter} from={at} to={dot} />)}
      {placed.map(({ letter, current, dot }) => (
        <Dot key={letter} {...{ letter, current, scale }} at={dot} />
      ))}
      {waits.map(({ letter, current, dot }) => (
        <Dot key={letter} {...{ letter, current }} at={dot} scale={scale * 0.9} waits={true} />
      ))}
      {rest > 0 && <Dot letter={`+${rest}`} current={false} at={more} scale={scale * 0.9} waits={true} />}
      {choice && <Choice place={choice} />}
    </svg>
  );
}

/** `places named: 5 of 12`. */
export function placesNamed(hours: number | undefined, say: Words["say"]): string {
  return hours === undefined ? say("no_place_named") : say("places_named", { named: hours });
}

function Breast({
  side,
  strips,
  large,
}: {
  readonly side: Side;
  readonly strips: readonly Strip[];
  readonly large: boolean;
}) {
  const x = centreX[side];
  const clip = `breast-${side}-${large ? "large" : "small"}`;
  const mirror = side === "left" ? { transform: MIRROR } : {};
  const text = large ? 10 : 17;
  return (
    <g>
      <clipPath id={clip}>
        <path d={OUTLINE} {...mirror} />
      </clipPath>
      <path className="map-breast" d={OUTLINE} {...mirror} />
      <g clipPath={`url(#${clip})`}>
        {strips.map(({ x_mm, y_mm }) => (
          <rect
            key={`${x_mm[0]} ${y_mm[0]}`}
            className="map-strip"
            x={x + drawnLength(x_mm[0])}
            y={centreY - drawnLength(y_mm[1])}
            width={drawnLength(x_mm[1] - x_mm[0])}
            height={drawnLength(y_mm[1] - y_mm[0])}
            rx="3"
          />
        ))}
      </g>
      <path className="map-edge" d={OUTLINE} {...mirror} />
      {large &&
        RINGS_MM.map((mm) => (
          <g key={mm}>
            <circle className="map-ring" cx={x} cy={centreY} r={drawnLength(mm)} />
            {/* Aslant of the hours, so that six centimetres are not taken for six o'clock. */}
            <text
              className="map-figure"
              x={x + drawnLength(mm) * Math.SQRT1_2}
              y={centreY + drawnLength(mm) * Math.SQRT1_2 + 3.4}
              fontSize="10"
            >
              {mm / 10}
              {mm === RINGS_MM.at(-1) && "\u202fcm"}
            </text>
          </g>
        ))}
      {HOURS.map((hour) => {
        const angle = (hour * Math.PI) / 6;
        const long = hour % 3 === 0;
        const [from, to] = long ? [50, radius] : [53.5, radius];
        const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
        return (
          <line
            key={hour}
            className={long ? "map-hour long" : "map-hour"}
            x1={x + from * sin}
            y1={centreY - from * cos}
            x2={x + to * sin}
            y2={centreY - to * cos}
          />
        );
      })}
      <circle className="map-nipple" cx={x} cy={centreY} r={large ? 3 : 6} />
      <circle className="map-nipple-tip" cx={x} cy={centreY} r={large ? 1 : 2} />
      <text className="map-figure" x={x} y={large ? 14.5 : 13} fontSize={text}>
        12
      </text>
      <text className="map-figure" x={side === "right" ? 11 : 289} y={centreY + text / 3} fontSize={text}>
        {side === "right" ? 9 : 3}
      </text>
      <text className="map-figure" x={x} y={large ? 144 : 150} fontSize={text}>
        6
      </text>
    </g>
  );
}

/** From where a lesion lies to its dot, where that had to stand aside. */
function Leader({ from, to }: { readonly from: Point; readonly to: Point }) {
  return (
    (from[0] !== to[0] || from[1] !== to[1]) && (
      <g className="map-leader">
        <line x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
        <circle cx={from[0]} cy={from[1]} r="2" />
      </g>
    )
  );
}

interface DotProps {
  readonly letter: string;
  readonly current: boolean;
  readonly at: readonly [number, number];
  readonly scale: number;
  readonly waits?: boolean;
}

function Dot({ letter, current, at: [x, y], scale, waits = false }: DotProps) {
  return (
    <g className={`map-dot ${current ? "current" : ""} ${waits ? "waits" : ""}`}>
      {current && <circle className="map-halo" cx={x} cy={y} r={17.5 * scale} />}
      <circle cx={x} cy={y} r={13 * scale} />
      <text x={x} y={y + 5.7 * scale} fontSize={(letter.length > 1 ? 12.5 : 16.5) * scale}>
        {letter}
      </text>
    </g>
  );
}

/** The transducer, its marker to the patient's right, as a transverse sweep holds it: nobody measures how it is turned. */
function Probe({ place }: { readonly place: Place }) {
  const at = drawnAt(place);
  return (
    at && (
      <g className="map-probe" transform={`translate(${at[0]} ${at[1]})`}>
        <rect x="-18" y="-4.5" width="36" height="9" rx="4.5" />
        <circle cx="-12.5" cy="0" r="2.3" />
      </g>
    )
  );
}

function Choice({ place }: { readonly place: Place }) {
  const at = drawnAt(place);
  return (
    at && (
      <g className="map-choice" transform={`translate(${at[0]} ${at[1]})`}>
        <path d="M-17 0H-11M11 0H17M0 -17V-11M0 11V17" />
        <circle r="11" />
      </g>
    )
  );
}
