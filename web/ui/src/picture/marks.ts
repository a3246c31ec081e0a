/** Everything that is drawn over and beside the picture, on a canvas of its own, so that one key removes it. */
import type { BoxXy, LiveUpdate, TrackView, Xy } from "../api/wire";
import { liveSize } from "../live/third";
import { isUnsure, NONE, percent, probability, sizeText } from "../words/numbers";
import type { Words } from "../words/words";
import { diameters } from "./diameters";
import { boxOnStage, type Fit, onStage } from "./geometry";
import { type Held, leaderEnd, placeChip } from "./placement";
import { categoryColours, type Theme } from "./theme";

type Pen = CanvasRenderingContext2D;

const HALO = "rgb(0 0 0 / 70%)";
const TAU = Math.PI * 2;

/** What the marks of one frame are drawn with. */
export interface Setting {
  readonly fit: Fit;
  readonly theme: Theme;
  readonly words: Words;
  readonly current: number | null;
  readonly now: number;
}

/** What of the chip is remembered from frame to frame. */
export interface ChipMemory {
  track: number | null;
  held: Held | null;
  /** Where it was drawn last: it glides, because outlines tremble. */
  at: Xy | null;
  /** Its size line, renewed a few times a second so that it can be read. */
  size: string;
  sizeAt: number;
}

export function freshChip(): ChipMemory {
  return { track: null, held: null, at: null, size: "", sizeAt: 0 };
}

const SIZE_EVERY_MS = 300;

/** Draws every mark of a frame: the findings that came with it, and nothing else. */
export function drawMarks(pen: Pen, update: LiveUpdate, setting: Setting, chip: ChipMemory): void {
  pen.save();
  clipToPicture(pen, setting.fit);
  drawOutlines(pen, update, setting, chip);
  pen.restore();
}

/** A smooth outline may swing a little beyond the picture; what is beyond it is not tissue. */
function clipToPicture(pen: Pen, { left, top, width, height }: Fit): void {
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
}

function drawOutlines(pen: Pen, update: LiveUpdate, setting: Setting, chip: ChipMemory): void {
  drawTruth(pen, update, setting);
  for (const track of update.tracks) {
    if (!track.dismissed && track.id !== setting.current) {
      drawLesion(pen, track, setting, false);
      drawBadge(pen, track, setting);
    }
  }
  const current = update.tracks.find((track) => track.id === setting.current && !track.dismissed);
  if (current) {
    drawLesion(pen, current, setting, true);
    drawCalipers(pen, current, update, setting);
    drawChip(pen, current, update, setting, chip);
  }
}

function drawLesion(pen: Pen, track: TrackView, { fit, theme }: Setting, current: boolean): void {
  const confirmed = track.letter !== null;
  const colour = current ? theme.accent : confirmed ? "#fff" : theme.text3;
  const width = current ? 2.2 : confirmed ? 1.5 : 1.2;
  if (track.status === "seen" && track.contour_px) {
    trace(
      pen,
      track.contour_px.map((point) => onStage(fit, point)),
    );
    stroke(pen, HALO, width + 2.8);
    stroke(pen, colour, width);
  } else if (track.status === "predicted" && track.box_px && confirmed) {
    const [x0, y0, x1, y1] = boxOnStage(fit, track.box_px);
    pen.beginPath();
    pen.ellipse((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2, 0, 0, TAU);
    pen.setLineDash([1.5, 5]);
    pen.lineCap = "round";
    stroke(pen, HALO, width + 2);
    stroke(pen, colour, width);
    pen.setLineDash([]);
  }
}

/** A smooth closed line through the middles of the outline's sides. */
function trace(pen: Pen, points: readonly Xy[]): void {
  const last = points.at(-1);
  const [first] = points;
  pen.beginPath();
  if (!last || !first) {
    return;
  }
  pen.moveTo((last[0] + first[0]) / 2, (last[1] + first[1]) / 2);
  points.forEach((point, index) => {
    const next = points[(index + 1) % points.length] ?? first;
    pen.quadraticCurveTo(point[0], point[1], (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
  });
  pen.closePath();
}

function stroke(pen: Pen, colour: string, width: number): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function drawCalipers(pen: Pen, track: TrackView, update: LiveUpdate, { fit }: Setting): void {
  const lines = track.contour_px && diameters(track.contour_px, update.mm_per_px ?? [1, 1]);
  if (!lines) {
    return;
  }
  pen.lineCap = "round";
  for (const line of [lines.long, lines.short]) {
    const [a, b] = [onStage(fit, line[0]), onStage(fit, line[1])];
    pen.beginPath();
    pen.moveTo(a[0], a[1]);
    pen.lineTo(b[0], b[1]);
    pen.setLineDash([1.5, 5]);
    stroke(pen, "rgb(255 255 255 / 85%)", 1.3);
    pen.setLineDash([]);
    for (const [x, y] of [a, b]) {
      pen.beginPath();
      pen.moveTo(x - 6, y);
      pen.lineTo(x + 6, y);
      pen.moveTo(x, y - 6);
      pen.lineTo(x, y + 6);
      stroke(pen, "#000", 4);
      stroke(pen, "#fff", 1.7);
    }
  }
  pen.lineCap = "butt";
}

/** The letter of a lesion that is not the current one, at the corner of its box. */
function drawBadge(pen: Pen, track: TrackView, { fit, theme }: Setting): void {
  if (track.letter === null || !track.box_px || track.status === "left") {
    return;
  }
  const [, y0, x1] = boxOnStage(fit, track.box_px);
  const radius = theme.rem * 0.75;
  drawLetter(pen, [x1 + radius * 0.7, y0 - radius * 0.7], radius, track.letter, theme, false);
}

/** A lesion's box with the badge at its corner. */
function withBadge([x0, y0, x1, y1]: BoxXy, theme: Theme): BoxXy {
  return [x0, y0 - theme.rem * 1.4, x1 + theme.rem * 1.4, y1];
}

function drawLetter(pen: Pen, [x, y]: Xy, radius: number, letter: string, theme: Theme, current: boolean): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, TAU);
  pen.fillStyle = current ? theme.accent : theme.bg1;
  pen.fill();
  if (!current) {
    stroke(pen, theme.text2, 1.5);
  }
  write(pen, letter, [x, y], {
    size: radius * 1.18,
    weight: 600,
    colour: current ? theme.accentInk : theme.text1,
    theme,
    align: "center",
  });
}

interface Ink {
  readonly size: number;
  readonly weight: 400 | 500 | 600;
  readonly colour: string;
  readonly theme: Theme;
  readonly align: CanvasTextAlign;
}

function write(pen: Pen, words: string, [x, y]: Xy, ink: Ink): void {
  pen.font = `${ink.weight} ${ink.size}px ${ink.theme.font}`;
  pen.textAlign = ink.align;
  pen.textBaseline = "alphabetic";
  pen.fillStyle = ink.colour;
  // Digits and capitals stand 0.72 of the size high: centred by hand, because `middle` centres what hangs below too.
  pen.fillText(words, x, y + ink.size * 0.36);
}

function drawChip(pen: Pen, track: TrackView, update: LiveUpdate, setting: Setting, memory: ChipMemory): void {
  const { fit, theme, words, now } = setting;
  if (!track.box_px || track.letter === null || track.status === "left") {
    return;
  }
  if (memory.track !== track.id) {
    Object.assign(memory, freshChip(), { track: track.id });
  }
  if (now - memory.sizeAt > SIZE_EVERY_MS) {
    const finding = update.findings.find((seen) => seen.track === track.id);
    // What a person said is not measured anew with each frame.
    memory.size = track.size_said
      ? liveSize(track, undefined, words)
      : (sizeText(finding ?? track) ?? words.say("no_size"));
    memory.sizeAt = now;
  }
  const unit = theme.rem / 14;
  const chance = chanceText(track, words);
  const lines = Math.max(
    measure(pen, chance, 600, 14.5 * unit, theme),
    measure(pen, memory.size, 400, 12.5 * unit, theme) + (track.size_said ? TICK * unit : 0),
  );
  const size: Xy = [textFrom(track) * unit + lines + 10 * unit, 46 * unit];
  const boxes = update.tracks.filter(
    (other) => other.id !== track.id && !other.dismissed && other.letter !== null && other.box_px,
  );
  const place = placeChip({
    lesion: boxOnStage(fit, track.box_px),
    others: boxes.map((other) => withBadge(boxOnStage(fit, other.box_px ?? [0, 0, 0, 0]), theme)),
    chip: size,
    area: [fit.left + 6, fit.top + 6, fit.left + fit.width - 6, fit.top + fit.height - 6],
    held: memory.held,
    now,
  });
  if (!place) {
    drawBadge(pen, track, setting);
    return;
  }
  const moved = memory.held?.corner !== place.held.corner;
  memory.held = place.held;
  memory.at = memory.at && !moved ? glide(memory.at, [place.box[0], place.box[1]]) : [place.box[0], place.box[1]];
  const [x, y] = memory.at;
  drawLeader(pen, track, [x, y, x + size[0], y + size[1]], setting);
  drawChipBox(pen, track, [x, y, x + size[0], y + size[1]], { chance, size: memory.size }, theme);
}

/** The room of a tick before what a person said, in units of the chip. */
const TICK = 14;

/** Where the chip's text begins, in units of the chip: a dash needs less room than a category. */
function textFrom(track: TrackView): number {
  return track.birads === null && !track.birads_said ? 68 : 94;
}

function chanceText(track: TrackView, words: Words): string {
  if (track.malignancy === null) {
    return NONE;
  }
  return isUnsure(track.malignancy_95) ? words.say("unsure") : percent(probability(track.malignancy), words.language);
}

function glide(from: Xy, to: Xy): Xy {
  return [from[0] + (to[0] - from[0]) * 0.25, from[1] + (to[1] - from[1]) * 0.25];
}

function measure(pen: Pen, words: string, weight: number, size: number, theme: Theme): number {
  pen.font = `${weight} ${size}px ${theme.font}`;
  return pen.measureText(words).width;
}

function drawLeader(pen: Pen, track: TrackView, chip: BoxXy, { fit, theme }: Setting): void {
  const box = track.box_px ? boxOnStage(fit, track.box_px) : null;
  const rim = (track.contour_px ?? []).map((point) => onStage(fit, point));
  const middle = box ? (box[0] + box[2]) / 2 : 0;
  const start: Xy = [Math.max(chip[0], Math.min(middle, chip[2])), (chip[1] + chip[3]) / 2];
  const end = leaderEnd(rim, start) ?? (box ? ([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] as const) : null);
  if (!end) {
    return;
  }
  pen.beginPath();
  pen.moveTo(end[0], end[1]);
  pen.lineTo(start[0], start[1]);
  stroke(pen, HALO, 4);
  stroke(pen, theme.accent, 1.5);
}

function drawChipBox(
  pen: Pen,
  track: TrackView,
  chip: BoxXy,
  text: { chance: string; size: string },
  theme: Theme,
): void {
  const unit = theme.rem / 14;
  const [x, y] = chip;
  const middle = (chip[1] + chip[3]) / 2;
  pen.beginPath();
  pen.roundRect(x, y, chip[2] - x, chip[3] - y, 7);
  pen.fillStyle = theme.bg1;
  pen.globalAlpha = 0.93;
  pen.fill();
  pen.globalAlpha = 1;
  stroke(pen, theme.accent, 1.3);
  drawLetter(pen, [x + 22 * unit, middle], 12.5 * unit, track.letter ?? "", theme, true);
  const end = textFrom(track) - 13;
  drawCategory(pen, track, [x + 43 * unit, middle - 12 * unit, x + end * unit, middle + 12 * unit], theme);
  const left = x + (end + 13) * unit;
  write(pen, text.chance, [left, middle - 9 * unit], {
    size: 14.5 * unit,
    weight: 600,
    colour: theme.text1,
    theme,
    align: "left",
  });
  if (track.size_said) {
    drawTick(pen, [left + 5.5 * unit, middle + 9 * unit], 11 * unit, theme.text1);
  }
  write(pen, text.size, [left + (track.size_said ? TICK * unit : 0), middle + 9 * unit], {
    size: 12.5 * unit,
    weight: 400,
    colour: track.size_said ? theme.text1 : theme.text2,
    theme,
    align: "left",
  });
}

/** The category or a dash: dashed around as a machine proposes it, solid with a tick as a person says it. */
function drawCategory(pen: Pen, { birads, birads_said }: TrackView, [x0, y0, x1, y1]: BoxXy, theme: Theme): void {
  const { ground, edge, ink } = categoryColours(theme, birads);
  const [middle, size] = [[(x0 + x1) / 2, (y0 + y1) / 2] as const, (y1 - y0) * 0.66];
  if (ground) {
    pen.beginPath();
    pen.roundRect(x0, y0, x1 - x0, y1 - y0, 4);
    pen.fillStyle = ground;
    pen.fill();
  }
  if (edge) {
    pen.beginPath();
    pen.roundRect(x0 + 0.75, y0 + 0.75, x1 - x0 - 1.5, y1 - y0 - 1.5, 4);
    stroke(pen, edge, 1.5);
  }
  if (birads_said || birads !== null) {
    pen.beginPath();
    pen.roundRect(x0 - 3, y0 - 3, x1 - x0 + 6, y1 - y0 + 6, 6);
    pen.setLineDash(birads_said ? [] : [3, 3]);
    stroke(pen, birads_said ? theme.text1 : theme.text3, 1.3);
    pen.setLineDash([]);
  }
  const aside = birads_said ? size * 0.42 : 0;
  if (birads_said) {
    drawTick(pen, [x0 + size * 0.5, middle[1]], size * 0.7, ink);
  }
  write(pen, birads ?? NONE, [middle[0] + aside, middle[1]], {
    size,
    weight: 600,
    colour: ink,
    theme,
    align: "center",
  });
}

/** The tick of the page's chips, around its middle. */
function drawTick(pen: Pen, [x, y]: Xy, size: number, colour: string): void {
  const at = (dx: number, dy: number): Xy => [x + (dx - 12) * (size / 24), y + (dy - 12) * (size / 24)];
  pen.beginPath();
  pen.moveTo(...at(5, 12.5));
  pen.lineTo(...at(9.5, 17));
  pen.lineTo(...at(19, 7.5));
  pen.lineCap = "round";
  stroke(pen, colour, size / 8);
  pen.lineCap = "butt";
}

/** What is really there, as the phantom knows it: blue and dashed, never confused with a finding. */
function drawTruth(pen: Pen, update: LiveUpdate, { fit, theme, words }: Setting): void {
  for (const truth of update.truth ?? []) {
    const points = truth.contour_px.map((point) => onStage(fit, point));
    trace(pen, points);
    pen.setLineDash([6, 4]);
    stroke(pen, HALO, 3.5);
    stroke(pen, theme.info, 1.5);
    pen.setLineDash([]);
    const lowest = points.reduce<Xy>((low, point) => (point[1] > low[1] ? point : low), [0, 0]);
    const size = theme.rem * 0.93;
    const label = `${words.say("truth_lesion")}: ${truth.kind.replaceAll("_", " ")}`;
    pen.lineJoin = "round";
    pen.font = `500 ${size}px ${theme.font}`;
    pen.textAlign = "center";
    pen.strokeStyle = HALO;
    pen.lineWidth = 4;
    pen.strokeText(label, lowest[0], lowest[1] + size * 1.36);
    write(pen, label, [lowest[0], lowest[1] + size], { size, weight: 500, colour: theme.info, theme, align: "center" });
    pen.lineJoin = "miter";
  }
}
