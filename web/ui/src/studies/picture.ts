/** What the metadata of an instance say of its pixels. */
import type { Words } from "../words/words";
import { type FrameTimes, frameTimesOf } from "./cine";
import { type DataSet, itemsOf, numberOf, textOf } from "./dataSet";
import { type Scale, scaleOf } from "./scale";

export interface Window {
  readonly centre: number;
  readonly width: number;
}

export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly frames: number;
  /** How many the file says it has, where they are not all there. */
  readonly framesSaid: number | null;
  readonly grey: boolean;
  /**
   * Grey of more than eight bits: its samples are drawn through a window here. Everything else comes as the node draws it, in eight bits through the
   * file's own window.
   */
  readonly deep: Deep | null;
  readonly times: FrameTimes;
  readonly scale: Scale;
  readonly device: string | null;
}

export interface Deep {
  readonly signed: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** MONOCHROME1: the smallest value is white. */
  readonly inverted: boolean;
  /** The file's first; `null`: what the samples reach over. */
  readonly window: Window | null;
}

/** Why an object is no picture that can be shown here. */
export type Unfit =
  | { readonly unfit: "nothing" }
  /** It says that it has more frames, or larger ones, than are read of one file, or a longer side than is drawn. */
  | { readonly unfit: "frames" | "pixels" | "side"; readonly said: number; readonly most: number };

/** The node's own limits for one file: an hour and three quarters at 30 frames a second, and a film of 24 × 30 cm at 42 µm. */
const MOST_FRAMES = 200_000;
const MOST_PIXELS = { grey: 48_000_000, colour: 16_000_000 } as const;
/** The longest side that every browser's graphics take; of a longer one nothing would be seen. */
const MOST_SIDE = 8192;

/**
 * What the metadata of an instance say of its picture. `there` is how many frames the node has counted in it: Number of Frames is what the file says of
 * itself, and whatever is as long as that number would be as long as somebody likes.
 */
export function pictureOf(dataSet: DataSet, there: number): Picture | Unfit {
  const [columns, rows] = [numberOf(dataSet, "00280011"), numberOf(dataSet, "00280010")];
  if (!columns || !rows) {
    return { unfit: "nothing" };
  }
  const photometric = textOf(dataSet, "00280004") ?? "";
  const grey = photometric.startsWith("MONOCHROME");
  const mostPixels = grey ? MOST_PIXELS.grey : MOST_PIXELS.colour;
  if (columns * rows > mostPixels) {
    return { unfit: "pixels", said: columns * rows, most: mostPixels };
  }
  const side = Math.max(columns, rows);
  if (side > MOST_SIDE) {
    return { unfit: "side", said: side, most: MOST_SIDE };
  }
  const count = (value: number | null): number => Math.max(Math.trunc(value ?? 1), 1);
  const said = count(numberOf(dataSet, "00280008"));
  const frames = Math.min(said, count(there));
  if (frames > MOST_FRAMES) {
    return { unfit: "frames", said: frames, most: MOST_FRAMES };
  }
  return {
    columns,
    rows,
    frames,
    framesSaid: said > frames ? said : null,
    grey,
    deep: grey ? deepOf(dataSet, photometric) : null,
    times: frameTimesOf(dataSet, frames),
    scale: scaleOf(dataSet, columns, rows),
    device: [textOf(dataSet, "00080070"), textOf(dataSet, "00081090")].filter(Boolean).join(" ") || null,
  };
}

/** Why nothing is shown, as one reads it. */
export function unfitText(unfit: Unfit, { say }: Pick<Words, "say">): string {
  if (unfit.unfit === "nothing") {
    return say("picture_none");
  }
  const [said, most] = [unfit.said, unfit.most].map((count) => count.toLocaleString("en-US"));
  return say(`picture_${unfit.unfit}`, { said: said ?? "", most: most ?? "" });
}

function deepOf(dataSet: DataSet, photometric: string): Deep | null {
  const bits = numberOf(dataSet, "00280100");
  // A table of values (VOI LUT Sequence) and values of each frame (functional groups) are the node's to draw.
  const ofNode = itemsOf(dataSet, "00283010").length > 0 || itemsOf(dataSet, "52009229").length > 0;
  if (bits !== 16 || (numberOf(dataSet, "00280101") ?? bits) <= 8 || ofNode) {
    return null;
  }
  const [centre, width] = [numberOf(dataSet, "00281050"), numberOf(dataSet, "00281051")];
  return {
    signed: numberOf(dataSet, "00280103") === 1,
    slope: numberOf(dataSet, "00281053") ?? 1,
    intercept: numberOf(dataSet, "00281052") ?? 0,
    inverted: photometric === "MONOCHROME1",
    window: centre !== null && width !== null && width >= 1 ? { centre, width } : null,
  };
}

/** The values of deep samples: little endian, through slope and intercept (PS3.3 §C.11.1). */
export function valuesOfSamples(
  bytes: ArrayBuffer,
  deep: Deep,
  count: number,
): Uint16Array | Int16Array | Float32Array {
  if (bytes.byteLength < count * 2) {
    throw new RangeError(`a frame of ${bytes.byteLength} bytes, where ${count * 2} are needed`);
  }
  const samples = deep.signed ? new Int16Array(bytes, 0, count) : new Uint16Array(bytes, 0, count);
  return deep.slope === 1 && deep.intercept === 0
    ? samples
    : Float32Array.from(samples, (value) => value * deep.slope + deep.intercept);
}

/** The smallest and the largest value. */
export function extentOf(values: ArrayLike<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Which values a window shows from black to white (PS3.3 §C.11.2.1.2, LINEAR). */
export function rangeOf({ centre, width }: Window): { readonly lower: number; readonly upper: number } {
  return { lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 };
}
