/** The simulated third dimension: the sweep's planes and the lesions' outlines along it, in a turned parallel view. */
import type { LiveUpdate, TrackVolume } from "../api/wire";
import type { Theme } from "./theme";

type Pen = CanvasRenderingContext2D;
type Point3 = readonly [x: number, y: number, z: number];
type Point2 = readonly [x: number, y: number];

/** How the view is turned, radians: around the depth axis, then towards the eye. */
export interface Turn {
  readonly yaw: number;
  readonly pitch: number;
}

export const THREE_QUARTERS: Turn = { yaw: 0.62, pitch: 0.42 };
const PITCHES: readonly [number, number] = [-0.2, 1.4];

export function turned(turn: Turn, yaw: number, pitch: number): Turn {
  return { yaw: turn.yaw + yaw, pitch: Math.max(PITCHES[0], Math.min(PITCHES[1], turn.pitch + pitch)) };
}

/**
 * Lateral `x`, along the path `y`, depth `z` (down) on the screen: `x` right, `y` down. Lengths are kept in mm. The path
 * comes towards the eye, so that the newest plane stands in front.
 */
export function project([x, y, z]: Point3, { yaw, pitch }: Turn): Point2 {
  const across = x * Math.cos(yaw) - y * Math.sin(yaw);
  const near = x * Math.sin(yaw) + y * Math.cos(yaw);
  return [across, z * Math.cos(pitch) + near * Math.sin(pitch)];
}

export interface SolidView {
  readonly update: LiveUpdate;
  /** The picture that the newest plane carries. */
  readonly picture: HTMLCanvasElement | null;
  readonly current: number | null;
  readonly turn: Turn;
  readonly theme: Theme;
  /** The canvas's size, CSS pixels. */
  readonly size: readonly [width: number, height: number];
}

/** Empty planes drawn between the first and the newest, at most. */
const MOST_PLANES = 6;
/** The box is at least so deep along the path, mm: a sweep that has hardly begun is seen as such. */
const LEAST_PATH_MM = 12;

export function drawSolid(pen: Pen, view: SolidView): void {
  const { update, size, turn } = view;
  pen.clearRect(0, 0, size[0], size[1]);
  const scale = update.mm_per_px;
  if (!scale) {
    return;
  }
  const extent: Point3 = [
    update.size_px[0] * scale[0],
    Math.max(0, update.volume.path_mm ?? 0),
    update.size_px[1] * scale[1],
  ];
  const place = fitted(extent, update.volume.tracks, turn, size);
  const planes = planesAt(extent[1]);
  for (const y of Math.cos(turn.yaw) >= 0 ? planes : planes.toReversed()) {
    drawPlane(pen, y, extent, place, view, y === extent[1]);
  }
  for (const solid of update.volume.tracks) {
    if (solid.track !== view.current) {
      drawTrack(pen, solid, place, view.theme.text1, 0.8);
    }
  }
  const current = update.volume.tracks.find((solid) => solid.track === view.current);
  if (current) {
    drawTrack(pen, current, place, view.theme.accent, 1.1);
  }
  drawPath(pen, extent, place, view.theme);
}

type Place = (point: Point3) => Point2;

/** Scales and centres the sweep's box and its solids, which drift beyond it when the probe slides, into the canvas. */
function fitted(extent: Point3, solids: readonly TrackVolume[], turn: Turn, size: readonly [number, number]): Place {
  const path = Math.max(extent[1], LEAST_PATH_MM);
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (corner): Point2 =>
      project([(corner & 1 ? 0.5 : -0.5) * extent[0], corner & 2 ? path : 0, corner & 4 ? extent[2] : 0], turn),
  );
  const points = [
    ...corners,
    ...solids.flatMap((solid) => solid.slices_mm.flat().map((point) => project(point, turn))),
  ];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const margin = 6;
  const scale = Math.min((size[0] - 2 * margin) / (right - left), (size[1] - 2 * margin) / (bottom - top));
  return (point) => {
    const [x, y] = project(point, turn);
    return [(x - (left + right) / 2) * scale + size[0] / 2, (y - (top + bottom) / 2) * scale + size[1] / 2];
  };
}

function planesAt(path: number): readonly number[] {
  const count = Math.min(MOST_PLANES, Math.max(1, Math.round(path / 4)));
  // The newest is told by its value, so it must be the path's own.
  return Array.from({ length: count + 1 }, (_, index) => (index === count ? path : (path * index) / count));
}

function drawPlane(pen: Pen, y: number, extent: Point3, place: Place, view: SolidView, newest: boolean): void {
  // Solids count across from the middle of the picture.
  const [half, z1] = [extent[0] / 2, extent[2]];
  const corner = place([-half, y, 0]);
  const across = place([half, y, 0]);
  const down = place([-half, y, z1]);
  const opposite = place([half, y, z1]);
  if (newest && view.picture && view.picture.width > 0) {
    const { width, height } = view.picture;
    pen.save();
    pen.transform(
      (across[0] - corner[0]) / width,
      (across[1] - corner[1]) / width,
      (down[0] - corner[0]) / height,
      (down[1] - corner[1]) / height,
      corner[0],
      corner[1],
    );
    pen.globalAlpha = 0.62;
    pen.drawImage(view.picture, 0, 0);
    pen.restore();
  }
  pen.beginPath();
  for (const [x, at] of [corner, across, opposite, down]) {
    pen.lineTo(x, at);
  }
  pen.closePath();
  pen.globalAlpha = newest ? 1 : 0.5;
  pen.strokeStyle = newest ? view.theme.text2 : view.theme.text3;
  pen.lineWidth = newest ? 1 : 0.8;
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawTrack(pen: Pen, solid: TrackVolume, place: Place, colour: string, width: number): void {
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = width;
  for (const slice of solid.slices_mm) {
    outline(pen, slice.map(place));
    pen.globalAlpha = 0.1;
    pen.fill();
    pen.globalAlpha = 0.85;
    pen.stroke();
  }
  pen.globalAlpha = 1;
  for (const ring of rings(solid)) {
    outline(pen, ring.map(place));
    pen.stroke();
  }
}

function outline(pen: Pen, points: readonly Point2[]): void {
  pen.beginPath();
  for (const [x, y] of points) {
    pen.lineTo(x, y);
  }
  pen.closePath();
}

/** Two rings of the ellipsoid that has the solid's extents: along the path and across, along the path and down. */
export function rings(solid: TrackVolume): readonly (readonly Point3[])[] {
  const points = solid.slices_mm.flat();
  if (solid.slices_mm.length < 3) {
    return [];
  }
  const range = (axis: 0 | 1 | 2): readonly [middle: number, half: number] => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [(low + high) / 2, (high - low) / 2];
  };
  const [x, y, z] = [range(0), range(1), range(2)];
  const ring = (at: (cos: number, sin: number) => Point3): readonly Point3[] =>
    Array.from({ length: 40 }, (_, step) =>
      at(Math.cos((step / 40) * 2 * Math.PI), Math.sin((step / 40) * 2 * Math.PI)),
    );
  return [
    ring((cos, sin) => [x[0] + x[1] * cos, y[0] + y[1] * sin, z[0]]),
    ring((cos, sin) => [x[0], y[0] + y[1] * sin, z[0] + z[1] * cos]),
  ];
}

/** The path of the probe's middle over the skin: straight, because speckle tells steps and not bends. */
function drawPath(pen: Pen, extent: Point3, place: Place, theme: Theme): void {
  const [x0, y0] = place([0, 0, 0]);
  const [x1, y1] = place([0, extent[1], 0]);
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.setLineDash([1, 4]);
  pen.lineCap = "round";
  pen.strokeStyle = theme.text1;
  pen.lineWidth = 1.6;
  pen.stroke();
  pen.setLineDash([]);
  pen.lineCap = "butt";
  pen.beginPath();
  pen.arc(x1, y1, 3, 0, Math.PI * 2);
  pen.fillStyle = theme.text1;
  pen.fill();
}
