/** How the frame lies on the stage. */
import type { BoxXy, Xy } from "../api/wire";

/** From frame pixels to stage pixels (CSS): `x × scale + left`. */
export interface Fit {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** Room that is kept free around the picture: the brackets, and the ruler on the right. */
const MARGIN = { left: 12, top: 14, right: 50, bottom: 14 };

/** The largest picture that fits, centred, with room for brackets and ruler. */
export function fitPicture(stage: Xy, frame: Xy): Fit {
  const room: Xy = [
    Math.max(1, stage[0] - MARGIN.left - MARGIN.right),
    Math.max(1, stage[1] - MARGIN.top - MARGIN.bottom),
  ];
  const scale = Math.min(room[0] / frame[0], room[1] / frame[1]);
  const [width, height] = [frame[0] * scale, frame[1] * scale];
  const left = MARGIN.left + (room[0] - width) / 2;
  const top = MARGIN.top + (room[1] - height) / 2;
  return { left, top, scale, width, height };
}

export function onStage(fit: Fit, [x, y]: Xy): Xy {
  return [x * fit.scale + fit.left, y * fit.scale + fit.top];
}

export function boxOnStage(fit: Fit, box: BoxXy): BoxXy {
  const [x0, y0] = onStage(fit, [box[0], box[1]]);
  const [x1, y1] = onStage(fit, [box[2], box[3]]);
  return [x0, y0, x1, y1];
}
