/**
 * How large a pixel is, by the rules that the program itself has: no millimetre without a calibration. On an ultrasound screen stand several pictures
 * at several scales, and the Sequence of Ultrasound Regions (PS3.3 §C.8.5.5) gives each its own.
 */
import { type DataSet, itemsOf, numberOf, numbersOf, textOf } from "./dataSet";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Region {
  /** First and last column and row, both within (§C.8.5.5.1.4). */
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** `null`: it measures something else than tissue in two dimensions, or has no scale. */
  readonly mmPerPx: Point | null;
}

export type Scale =
  | { readonly kind: "none" }
  /** The smallest first: where regions lie in each other the smallest says what is there. */
  | { readonly kind: "regions"; readonly regions: readonly Region[] }
  | { readonly kind: "whole"; readonly mmPerPx: Point; readonly from: Where };

/**
 * Where a millimetre is one: in the patient, at the detector of a projection, which shows everything larger than it is (PS3.3 §10.7.1.1), or in the
 * patient by the magnification that the machine estimates.
 */
export type Where = "patient" | "detector" | "magnified";

const REGIONS = "00186011";
const PIXEL_SPACING = "00280030";
const IMAGER_PIXEL_SPACING = "00181164";
const MAGNIFICATION = "00181114";
const CALIBRATION_TYPE = "00280A02";
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";
const CENTIMETRE = 3;
const MM_PER_CM = 10;
const TWO_DIMENSIONS = 1;
/** Tissue and colour flow, which lies over tissue (§C.8.5.5.1.2). */
const OF_TISSUE = [1, 2];
/** So many regions are read, as the program does: a screen has a few, and each is drawn and asked at every measurement. */
const MOST_REGIONS = 64;
/** A pixel of less or more is none of a body, mm. */
const SMALLEST_MM = 1e-4;
const LARGEST_MM = 100;
/** Between source and detector nothing is shown smaller than it is, and spot views magnify about twice. */
const LARGEST_MAGNIFICATION = 10;

export function scaleOf(dataSet: DataSet, columns: number, rows: number): Scale {
  const regions = itemsOf(dataSet, REGIONS)
    .slice(0, MOST_REGIONS)
    .map((item) => regionOf(item, columns, rows))
    .filter((region) => region !== null)
    .sort((a, b) => areaOf(a) - areaOf(b));
  if (regions.length > 0) {
    return regions.some(({ mmPerPx }) => mmPerPx) ? { kind: "regions", regions } : { kind: "none" };
  }
  const mmPerPx = spacingIsLegal(dataSet) ? spacingOf(dataSet, PIXEL_SPACING) : null;
  return mmPerPx ? { kind: "whole", mmPerPx, from: "patient" } : atDetector(dataSet);
}

/** Rows first (§10.7.1.3). */
function spacingOf(dataSet: DataSet, tag: string): Point | null {
  const [rowMm, columnMm] = numbersOf(dataSet, tag);
  return believed(columnMm, rowMm);
}

/** The scale of a projection that nobody calibrated (§C.8.11.4: Imager Pixel Spacing; §C.8.11.5: Estimated Radiographic Magnification Factor). */
function atDetector(dataSet: DataSet): Scale {
  const mmPerPx = spacingOf(dataSet, IMAGER_PIXEL_SPACING);
  if (!mmPerPx) {
    return { kind: "none" };
  }
  const factor = numberOf(dataSet, MAGNIFICATION) ?? 0;
  return factor >= 1 && factor <= LARGEST_MAGNIFICATION
    ? { kind: "whole", mmPerPx: { x: mmPerPx.x / factor, y: mmPerPx.y / factor }, from: "magnified" }
    : { kind: "whole", mmPerPx, from: "detector" };
}

/** A region, unless it is none or reaches beyond the picture: then that was cropped or resized after it was calibrated. */
function regionOf(item: DataSet, columns: number, rows: number): Region | null {
  const [x0, y0, x1, y1] = ["00186018", "0018601A", "0018601C", "0018601E"].map((tag) => numberOf(item, tag));
  if (x0 == null || y0 == null || x1 == null || y1 == null || x1 < x0 || y1 < y0 || x0 < 0 || y0 < 0) {
    return null;
  }
  // Some machines write the size in the place of the last pixel.
  if (x1 > columns || y1 > rows) {
    return null;
  }
  const ofTissue =
    (numberOf(item, "00186012") ?? TWO_DIMENSIONS) === TWO_DIMENSIONS &&
    OF_TISSUE.includes(numberOf(item, "00186014") ?? 0);
  const inCentimetres = ["00186024", "00186026"].every((tag) => numberOf(item, tag) === CENTIMETRE);
  // A delta is negative where the physical axis runs against the pixels.
  const mm = (tag: string): number => Math.abs(numberOf(item, tag) ?? Number.NaN) * MM_PER_CM;
  const mmPerPx = ofTissue && inCentimetres ? believed(mm("0018602C"), mm("0018602E")) : null;
  return { x0, y0, x1: Math.min(x1, columns - 1), y1: Math.min(y1, rows - 1), mmPerPx };
}

function believed(x: number | undefined, y: number | undefined): Point | null {
  const within = (mm: number | undefined): mm is number => mm !== undefined && mm >= SMALLEST_MM && mm <= LARGEST_MM;
  return within(x) && within(y) ? { x, y } : null;
}

const areaOf = ({ x0, y0, x1, y1 }: Region): number => (x1 - x0 + 1) * (y1 - y0 + 1);

/** Ultrasound has no Pixel Spacing (PS3.3 table A.6-1), and that of a projection is the detector's unless a calibration is said (§10.7.1.1). */
function spacingIsLegal(dataSet: DataSet): boolean {
  const sopClass = textOf(dataSet, "00080016") ?? "";
  return (
    sopClass === SECONDARY_CAPTURE ||
    sopClass.startsWith(`${SECONDARY_CAPTURE}.`) ||
    textOf(dataSet, CALIBRATION_TYPE) !== null ||
    ["CT", "MR", "NM", "PT"].includes(textOf(dataSet, "00080060") ?? "")
  );
}

export type Length =
  | { readonly unit: "mm"; readonly value: number; readonly from: Where }
  /** Why it is not in millimetres. */
  | { readonly unit: "px"; readonly value: number; readonly because: "none" | "outside" | "between" };

/** The length of a line between two points of the picture, in pixels from the middle of the first one. */
export function lengthOf(scale: Scale, a: Point, b: Point): Length {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const mm = (mmPerPx: Point, from: Where = "patient"): Length => ({
    unit: "mm",
    value: Math.hypot(dx * mmPerPx.x, dy * mmPerPx.y),
    from,
  });
  const px = (because: "none" | "outside" | "between"): Length => ({ unit: "px", value: Math.hypot(dx, dy), because });
  if (scale.kind === "whole") {
    return mm(scale.mmPerPx, scale.from);
  }
  if (scale.kind === "none") {
    return px("none");
  }
  const [atA, atB] = [a, b].map((point) => scale.regions.find((region) => contains(region, point)));
  if (!atA?.mmPerPx || !atB?.mmPerPx) {
    return px("outside");
  }
  if (atA === atB) {
    return mm(atA.mmPerPx);
  }
  // From the grey picture into the colour box in it: one picture, if both have one scale and both ends are in the larger one.
  const larger = areaOf(atA) > areaOf(atB) ? atA : atB;
  const same = nearly(atA.mmPerPx.x, atB.mmPerPx.x) && nearly(atA.mmPerPx.y, atB.mmPerPx.y);
  return same && contains(larger, a) && contains(larger, b) ? mm(atA.mmPerPx) : px("between");
}

const nearly = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.max(a, b);

/** A pixel reaches half a pixel around its middle. */
const contains = ({ x0, y0, x1, y1 }: Region, { x, y }: Point): boolean =>
  x >= x0 - 0.5 && x <= x1 + 0.5 && y >= y0 - 0.5 && y <= y1 + 0.5;
