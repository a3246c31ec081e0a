/** What stands in the margin: the brackets around the picture and the depth ruler. */
import type { LiveUpdate } from "../api/wire";
import type { Fit } from "./geometry";
import type { Theme } from "./theme";

type Pen = CanvasRenderingContext2D;

/** Where the depth ruler's ticks stand, in frame pixels from the top, and what they say. */
export interface Tick {
  readonly y: number;
  readonly label: string | null;
}

/** Half-centimetre ticks with a number at each centimetre; without a scale plain ticks and no number. */
export function ticks(from: number, to: number, mmPerPx: number | null): readonly Tick[] {
  const step = mmPerPx === null ? 50 : 5 / mmPerPx;
  const count = Math.floor((to - from) / step + 1e-6);
  return Array.from({ length: count + 1 }, (_, index) => ({
    y: from + index * step,
    label: mmPerPx === null || index % 2 === 1 ? null : String(index * 5),
  }));
}

export function drawRuler(pen: Pen, update: LiveUpdate, fit: Fit, theme: Theme): void {
  const [top, bottom] = update.picture_px ? [update.picture_px[1], update.picture_px[3]] : [0, update.size_px[1]];
  const x = fit.left + fit.width + 9;
  const size = Math.max(12, theme.rem * 0.93);
  const unit = update.mm_per_px ? "mm" : "px";
  const unitY = fit.top + fit.height - size * 0.5;
  pen.strokeStyle = theme.text3;
  pen.lineWidth = 1.3;
  pen.fillStyle = theme.text2;
  pen.font = `400 ${size}px ${theme.font}`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  for (const tick of ticks(top, bottom, update.mm_per_px?.[1] ?? null)) {
    const y = Math.round(tick.y * fit.scale + fit.top) + 0.5;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + (tick.label === null ? 6 : 10), y);
    pen.stroke();
    if (tick.label !== null && unitY - y > size) {
      pen.fillText(tick.label, x + 15, y);
    }
  }
  pen.fillText(unit, x + 15, unitY);
}

export function drawBrackets(pen: Pen, fit: Fit, theme: Theme): void {
  const [x0, y0] = [Math.round(fit.left) - 7.5, Math.round(fit.top) - 7.5];
  const [x1, y1] = [Math.round(fit.left + fit.width) + 7.5, Math.round(fit.top + fit.height) + 7.5];
  const arm = 15;
  pen.beginPath();
  for (const [x, y, dx, dy] of [
    [x0, y0, arm, arm],
    [x1, y0, -arm, arm],
    [x1, y1, -arm, -arm],
    [x0, y1, arm, -arm],
  ] as const) {
    pen.moveTo(x + dx, y);
    pen.lineTo(x, y);
    pen.lineTo(x, y + dy);
  }
  pen.strokeStyle = theme.line2;
  pen.lineWidth = 1.5;
  pen.stroke();
}
