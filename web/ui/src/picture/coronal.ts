/** The coronal view: its grey picture, and over it the cuts of lesions, the way, the newest plane and a bar for each axis. */
import type { CoronalPicture } from "../api/message";
import type { AxisView, CoronalView, Xy } from "../api/wire";
import { cutOutlines } from "./coronalText";
import { Screen } from "./screen";
import type { Theme } from "./theme";

type Pen = CanvasRenderingContext2D;

/** How the view lies on its canvas, CSS pixels: a place (across, along) is at `left + (across - from) × scale`. */
export interface CoronalFit {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** CSS pixels for a unit across and along. */
  readonly scale: Xy;
  readonly from: Xy;
}

/** Room for the bars and their words: below and on the left. */
const MARGIN = { left: 34, top: 10, right: 10, bottom: 30 };
/** A view counted in frames is stretched to no more than this many times its width. */
const TALLEST = 1.6;

/** The largest view that fits, centred. Two lengths keep one scale; frames have none and fill the room. */
export function fitCoronal(view: CoronalView, room: Xy): CoronalFit {
  const [columns, rows] = view.size_px;
  const inner: Xy = [
    Math.max(1, room[0] - MARGIN.left - MARGIN.right),
    Math.max(1, room[1] - MARGIN.top - MARGIN.bottom),
  ];
  const units: Xy = [columns * view.across.per_px, rows * view.along.per_px];
  let scale: Xy;
  if (view.along.unit === "mm") {
    const shared = Math.min(inner[0] / units[0], inner[1] / units[1]);
    scale = [shared, shared];
  } else {
    const height = Math.min(inner[1], inner[0] * TALLEST);
    const width = Math.min(inner[0], height * TALLEST);
    scale = [width / units[0], height / units[1]];
  }
  const [width, height] = [units[0] * scale[0], units[1] * scale[1]];
  return {
    left: MARGIN.left + (inner[0] - width) / 2,
    top: MARGIN.top + (inner[1] - height) / 2,
    width,
    height,
    scale,
    from: [view.across.from, view.along.from],
  };
}

export function placed(fit: CoronalFit, [across, along]: Xy): Xy {
  return [fit.left + (across - fit.from[0]) * fit.scale[0], fit.top + (along - fit.from[1]) * fit.scale[1]];
}

/** The longest of 1, 2, 5, 10, … units that is no longer than `room` CSS pixels at `scale` pixels a unit. */
export function barUnits(scale: number, room: number): number {
  const most = room / scale;
  const decade = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2, 1].find((each) => each * decade <= most) ?? 1;
  return step * decade;
}

export interface CoronalScene {
  readonly picture: CoronalPicture;
  readonly current: number | null;
  readonly dismissed: ReadonlySet<number>;
  readonly marks: boolean;
  readonly theme: Theme;
  readonly size: Xy;
  /** What the unit of an axis is called. */
  readonly unit: (axis: AxisView) => string;
}

/** Draws on `pen`; `grey` holds the view's own pixels. */
export function drawCoronal(pen: Pen, grey: HTMLCanvasElement, scene: CoronalScene): void {
  const { view, luma } = scene.picture;
  const fit = fitCoronal(view, scene.size);
  pen.clearRect(0, 0, scene.size[0], scene.size[1]);
  new Screen(grey).draw(luma, view.size_px[0], view.size_px[1]);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(grey, fit.left, fit.top, fit.width, fit.height);
  pen.strokeStyle = scene.theme.line2;
  pen.lineWidth = 1;
  pen.strokeRect(fit.left - 0.5, fit.top - 0.5, fit.width + 1, fit.height + 1);
  drawBars(pen, fit, scene);
  if (scene.marks) {
    pen.save();
    pen.beginPath();
    pen.rect(fit.left, fit.top, fit.width, fit.height);
    pen.clip();
    drawWay(pen, fit, scene);
    drawCuts(pen, fit, scene);
    pen.restore();
  }
}

const HALO = "rgb(0 0 0 / 70%)";

function line(pen: Pen, points: readonly Xy[], colour: string, width: number, dash: readonly number[] = []): void {
  pen.beginPath();
  for (const [x, y] of points) {
    pen.lineTo(x, y);
  }
  pen.setLineDash([...dash]);
  pen.strokeStyle = HALO;
  pen.lineWidth = width + 2;
  pen.stroke();
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
  pen.setLineDash([]);
}

/** The way dotted, the newest plane as a line from edge to edge, and a dashed line where the probe turned back. */
function drawWay(pen: Pen, fit: CoronalFit, { picture: { view }, theme }: CoronalScene): void {
  line(
    pen,
    view.path.map((point) => placed(fit, point)),
    theme.text1,
    1.4,
    [1.5, 4],
  );
  for (const along of view.turned_back) {
    const [, y] = placed(fit, [0, along]);
    line(
      pen,
      [
        [fit.left, y],
        [fit.left + fit.width, y],
      ],
      theme.warn,
      1.6,
      [7, 5],
    );
  }
  line(
    pen,
    view.newest.map((end) => placed(fit, end)),
    theme.text1,
    2.2,
  );
}

function drawCuts(pen: Pen, fit: CoronalFit, { picture: { view }, current, dismissed, theme }: CoronalScene): void {
  for (const lesion of cutOutlines(view, current, dismissed)) {
    const chosen = lesion.track === current;
    const points = lesion.outline.map((point) => placed(fit, point));
    const [first] = points;
    line(pen, first ? [...points, first] : points, chosen ? theme.accent : "#fff", chosen ? 2.2 : 1.5);
    const right = points.reduce((most, point) => (point[0] > most[0] ? point : most), points[0] ?? [0, 0]);
    const radius = theme.rem * 0.75;
    const [x, y] = [Math.min(right[0] + radius * 1.4, fit.left + fit.width - radius), right[1]];
    pen.beginPath();
    pen.arc(x, y, radius, 0, Math.PI * 2);
    pen.fillStyle = chosen ? theme.accent : theme.bg1;
    pen.fill();
    pen.fillStyle = chosen ? theme.accentInk : theme.text1;
    pen.font = `600 ${radius * 1.18}px ${theme.font}`;
    pen.textAlign = "center";
    pen.fillText(lesion.letter ?? "?", x, y + radius * 0.42);
  }
}

/** A bar below for what lies across, one on the left for what lies along the way: their lengths may differ. */
function drawBars(pen: Pen, fit: CoronalFit, { picture: { view }, theme, unit }: CoronalScene): void {
  const size = Math.max(12, theme.rem * 0.86);
  pen.font = `400 ${size}px ${theme.font}`;
  pen.fillStyle = theme.text2;
  pen.strokeStyle = theme.text2;
  pen.lineWidth = 1.5;
  const across = barUnits(fit.scale[0], fit.width / 2);
  const [x0, y0] = [fit.left, fit.top + fit.height + 9];
  bar(pen, [x0, y0], [x0 + across * fit.scale[0], y0], [0, 4]);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  pen.fillText(`${across}\u202f${unit(view.across)}`, x0 + across * fit.scale[0] + 8, y0 + size * 0.36);
  const along = barUnits(fit.scale[1], fit.height / 2);
  const [x1, y1] = [fit.left - 9, fit.top];
  bar(pen, [x1, y1], [x1, y1 + along * fit.scale[1]], [4, 0]);
  pen.save();
  pen.translate(x1 - 8, y1);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "right";
  pen.fillText(`${along}\u202f${unit(view.along)}`, 0, 0);
  pen.restore();
}

function bar(pen: Pen, [x0, y0]: Xy, [x1, y1]: Xy, [dx, dy]: Xy): void {
  pen.beginPath();
  pen.moveTo(x0 - dx, y0 - dy);
  pen.lineTo(x0 + dx, y0 + dy);
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.moveTo(x1 - dx, y1 - dy);
  pen.lineTo(x1 + dx, y1 + dy);
  pen.stroke();
}
