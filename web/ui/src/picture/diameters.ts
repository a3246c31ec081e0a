/** The calipers of an outline: where its two diameters end. */
import type { Xy } from "../api/wire";

export type Line = readonly [Xy, Xy];

export interface Diameters {
  /** The two points of the outline that are farthest apart. */
  readonly long: Line;
  /** The width across the long axis (Feret's), drawn half way between the points that touch. */
  readonly short: Line;
}

/** More points change no diameter of a smooth outline and would make the pairs too many. */
const MOST_POINTS = 96;

/**
 * The diameters where a pixel measures `pixel` (across, down): right angles are right in that unit. The same method as
 * the program's `imaging::outline::feret`, so that the crosses stand where the numbers were taken.
 */
export function diameters(outline: readonly Xy[], pixel: Xy = [1, 1]): Diameters | null {
  const every = Math.max(1, Math.ceil(outline.length / MOST_POINTS));
  const points = outline.filter((_, index) => index % every === 0).map(([x, y]): Xy => [x * pixel[0], y * pixel[1]]);
  const ends = farthest(points);
  if (!ends) {
    return null;
  }
  const [a, b] = ends;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const along: Xy = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const place = (point: Xy): Xy => {
    const [dx, dy] = [point[0] - a[0], point[1] - a[1]];
    return [dx * along[0] + dy * along[1], dy * along[0] - dx * along[1]];
  };
  const places = points.map(place);
  const low = places.reduce((best, point) => (point[1] < best[1] ? point : best));
  const high = places.reduce((best, point) => (point[1] > best[1] ? point : best));
  const middle = (low[0] + high[0]) / 2;
  const back = ([t, width]: Xy): Xy => [
    (a[0] + t * along[0] - width * along[1]) / pixel[0],
    (a[1] + t * along[1] + width * along[0]) / pixel[1],
  ];
  return { long: [back([0, 0]), back([length, 0])], short: [back([middle, low[1]]), back([middle, high[1]])] };
}

function farthest(points: readonly Xy[]): Line | null {
  let best = 0;
  let ends: Line | null = null;
  points.forEach((a, index) => {
    for (const b of points.slice(index + 1)) {
      const squared = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
      if (squared > best) {
        best = squared;
        ends = [a, b];
      }
    }
  });
  return points.length < 3 ? null : ends;
}
