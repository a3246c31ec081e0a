/** What the metadata of an instance say of its pixels. */
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

/** No integer string is larger (PS3.5 §6.2): whoever says more has counted nothing. */
const MOST_FRAMES = 2 ** 31 - 1;

/** `null` where there is no picture. */
export function pictureOf(dataSet: DataSet): Picture | null {
  const [columns, rows] = [numberOf(dataSet, "00280011"), numberOf(dataSet, "00280010")];
  if (!columns || !rows) {
    return null;
  }
  const said = numberOf(dataSet, "00280008") ?? 1;
  const frames = said <= MOST_FRAMES ? Math.max(said, 1) : 1;
  const photometric = textOf(dataSet, "00280004") ?? "";
  const grey = photometric.startsWith("MONOCHROME");
  return {
    columns,
    rows,
    frames,
    grey,
    deep: grey ? deepOf(dataSet, photometric) : null,
    times: frameTimesOf(dataSet, frames),
    scale: scaleOf(dataSet, columns, rows),
    device: [textOf(dataSet, "00080070"), textOf(dataSet, "00081090")].filter(Boolean).join(" ") || null,
  };
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
