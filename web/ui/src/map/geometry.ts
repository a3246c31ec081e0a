/**
 * Places on a breast map, seen from the front: the patient's right breast is on the viewer's left, and a clock position is the
 * same on both. Millimetres from the nipple; x to the viewer's right, y up.
 */
import type { Place, Side } from "../exam/api";

/** A breast is drawn as a circle of about this radius, mm. Its size is not known: distances are to scale, the edge is not. */
export const RADIUS_MM = 80;
/** Nothing lies farther out than this, the axillary tail included, mm. */
export const FARTHEST_MM = 120;
/** Distances are said in steps of half a centimetre. */
export const STEP_MM = 5;
/** Where the keyboard begins when nothing is known. */
const FIRST_MM = 30;

const HALF_HOURS = 24;
const DEGREES_PER_STEP = 15;

export type Point = readonly [x: number, y: number];

/** Half hours from 12:00, 0..24; `null` for a text that is no clock position. */
export function halfHours(clock: string): number | null {
  const [, hour, minutes] = clock.match(/^(\d{1,2}):(00|30)$/) ?? [];
  const hours = Number(hour);
  return hour === undefined || hours < 1 || hours > 12 ? null : (hours % 12) * 2 + (minutes === "30" ? 1 : 0);
}

export function clockOf(steps: number): string {
  const whole = ((Math.round(steps) % HALF_HOURS) + HALF_HOURS) % HALF_HOURS;
  return `${Math.floor(whole / 2) || 12}:${whole % 2 ? "30" : "00"}`;
}

/** Clockwise from 12 o'clock; 0 where the clock is not known. */
export function degreesOf(clock: string | null): number {
  return (clock === null ? 0 : (halfHours(clock) ?? 0)) * DEGREES_PER_STEP;
}

export function onMap(clock: string, fromNipple: number): Point {
  const angle = (degreesOf(clock) * Math.PI) / 180;
  return [fromNipple * Math.sin(angle), fromNipple * Math.cos(angle)];
}

/** The place of a point of the map: to the half hour and the half centimetre. */
export function placeAt(side: Side, [x, y]: Point): Place {
  const degrees = (Math.atan2(x, y) * 180) / Math.PI;
  return { side, clock: clockOf(degrees / DEGREES_PER_STEP), from_nipple_mm: inSteps(Math.hypot(x, y)) };
}

function inSteps(distance: number): number {
  return Math.min(FARTHEST_MM, Math.max(0, Math.round(distance / STEP_MM) * STEP_MM));
}

/** The place so many half hours clockwise and so many steps outwards. */
export function moved(place: Place, { clockwise = 0, outwards = 0 }: { clockwise?: number; outwards?: number }): Place {
  const steps = place.clock === null ? 0 : (halfHours(place.clock) ?? 0);
  const known = place.clock !== null;
  const distance = place.from_nipple_mm ?? FIRST_MM;
  return {
    side: place.side,
    clock: clockOf(known ? steps + clockwise : 0),
    from_nipple_mm: known && place.from_nipple_mm !== null ? inSteps(distance + outwards * STEP_MM) : inSteps(distance),
  };
}

export const otherSide = (side: Side): Side => (side === "left" ? "right" : "left");

/** The same place of the other breast: what lies outside on one lies outside on the other. */
export function mirrored(place: Place): Place {
  const steps = place.clock === null ? null : halfHours(place.clock);
  return { ...place, side: otherSide(place.side), clock: steps === null ? null : clockOf(HALF_HOURS - steps) };
}

export type Quadrant = "upper_outer" | "upper_inner" | "lower_outer" | "lower_inner";

/** The quadrant of a clock position; `null` on the lines between two. */
export function quadrantOf(side: Side, clock: string): Quadrant | null {
  const steps = halfHours(clock);
  if (steps === null || steps % 6 === 0) {
    return null;
  }
  const upper = steps < 6 || steps > 18;
  const viewersRight = steps < 12;
  // The outer half of the patient's left breast is to the viewer's right.
  const outer = viewersRight === (side === "left");
  return `${upper ? "upper" : "lower"}_${outer ? "outer" : "inner"}`;
}

/** The drawing: both breasts side by side, 300 × 178. */
export const DRAWING = { width: 300, height: 178, centreY: 76, radius: 58, centreX: { right: 80, left: 220 } } as const;

const PER_MM = DRAWING.radius / RADIUS_MM;
/** A mark farther out than this would leave the drawing. */
const MARK_LIMIT = 66;

/** Where a place is drawn; those beyond the breast's edge stand just outside it. `null` without a clock position. */
export function drawnAt(place: Place): Point | null {
  if (place.clock === null || place.from_nipple_mm === null) {
    return null;
  }
  const [x, y] = onMap(place.clock, Math.min(place.from_nipple_mm * PER_MM, MARK_LIMIT));
  return [DRAWING.centreX[place.side] + x, DRAWING.centreY - y];
}

/** Where the dots of a breast may stand: none is cut off, lies over the words below or on the other breast. */
const ROOM = {
  right: { left: 14, right: 136, top: 14, bottom: 148 },
  left: { left: 164, right: 286, top: 14, bottom: 148 },
} as const;
/** So often dots push each other: enough for twenty lesions at one place. */
const PUSHES = 200;
/** Each next one at the same point stands turned by this, as seeds in a sunflower do: they go apart in all directions. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/**
 * The same points of one breast, moved so far that no two are nearer than `apart`: dots at one place would hide each other's letters.
 * The same points always give the same answer, and those that are alone stay where they are.
 */
export function spread(points: readonly Point[], apart: number, side: Side): readonly Point[] {
  const moved = points.map(([x, y], index): [number, number] => {
    const before = points.slice(0, index).filter((other) => other[0] === x && other[1] === y).length;
    const [away, angle] = [(apart / 2) * Math.sqrt(before), GOLDEN_ANGLE * before];
    const at: [number, number] = [x, y];
    if (before > 0) {
      move(at, [away * Math.cos(angle), away * Math.sin(angle)], side);
    }
    return at;
  });
  for (let push = 0; push < PUSHES; push += 1) {
    let crowded = false;
    for (const [i, one] of moved.entries()) {
      for (const other of moved.slice(i + 1)) {
        const [dx, dy] = [other[0] - one[0], other[1] - one[1]];
        const distance = Math.hypot(dx, dy);
        if (distance >= apart - 0.01) {
          continue;
        }
        crowded = true;
        const angle = distance > 0 ? Math.atan2(dy, dx) : GOLDEN_ANGLE * i;
        const [x, y] = [((apart - distance) / 2) * Math.cos(angle), ((apart - distance) / 2) * Math.sin(angle)];
        move(one, [-x, -y], side);
        move(other, [x, y], side);
      }
    }
    if (!crowded) {
      break;
    }
  }
  return moved;
}

function move(point: [number, number], [x, y]: Point, side: Side): void {
  const { left, right, top, bottom } = ROOM[side];
  point[0] = Math.min(right, Math.max(left, point[0] + x));
  point[1] = Math.min(bottom, Math.max(top, point[1] + y));
}

/** The place under a point of the drawing: of the breast on whose half it lies. */
export function placeUnder([x, y]: Point): Place {
  const side: Side = x < DRAWING.width / 2 ? "right" : "left";
  return placeAt(side, [(x - DRAWING.centreX[side]) / PER_MM, (DRAWING.centreY - y) / PER_MM]);
}

export const drawnLength = (millimetres: number): number => millimetres * PER_MM;
