/** From the pixels of a video frame to grey levels and the grid of colour. No browser is needed here. */
import { GRID, GRID_CELLS } from "./protocol";

/** The mean distance from grey at which a cell counts as coloured; the server has the same. */
const COLOURED = 20;
/** So many coloured cells are colour: a caption or a logo has fewer. */
const SEEN_CELLS = 8;

/** BT.601 in integers, as the program itself makes grey of colour. */
export function lumaOf(red: number, green: number, blue: number): number {
  return Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/** Adds samples of chroma by their place in the picture; a cell is their mean. */
class Cells {
  private readonly sums = new Float64Array(GRID_CELLS);
  private readonly counts = new Uint32Array(GRID_CELLS);

  constructor(
    private readonly columns: number,
    private readonly rows: number,
  ) {}

  add(x: number, y: number, magnitude: number): void {
    const cell = Math.floor((y * GRID[1]) / this.rows) * GRID[0] + Math.floor((x * GRID[0]) / this.columns);
    this.sums[cell] = (this.sums[cell] ?? 0) + magnitude;
    this.counts[cell] = (this.counts[cell] ?? 0) + 1;
  }

  /** Writes the grid, and answers whether the picture has colour. */
  write(grid: Uint8Array): boolean {
    let coloured = 0;
    for (let cell = 0; cell < GRID_CELLS; cell += 1) {
      const mean = Math.round((this.sums[cell] ?? 0) / Math.max(1, this.counts[cell] ?? 0));
      grid[cell] = mean;
      coloured += mean >= COLOURED ? 1 : 0;
    }
    return coloured >= SEEN_CELLS;
  }
}

/** From sample to sample across and down: where a cell has sixteen or more, a quarter of them is enough. */
function stepOf(columns: number, rows: number): 1 | 2 {
  return columns >= 4 * GRID[0] && rows >= 4 * GRID[1] ? 2 : 1;
}

/** The planes of a picture's colours, as a copy of a video frame has them. */
export interface Chroma {
  readonly samples: Uint8Array;
  readonly columns: number;
  readonly rows: number;
  /** Where the first Cb and the first Cr lie, and from one to the next: 1 in planes of their own, 2 where they alternate. */
  readonly cb: number;
  readonly cr: number;
  readonly step: 1 | 2;
}

/** Writes the grid; whether there is colour. */
export function gridOfChroma({ samples, columns, rows, cb, cr, step }: Chroma, grid: Uint8Array): boolean {
  const cells = new Cells(columns, rows);
  const stride = stepOf(columns, rows);
  for (let y = 0; y < rows; y += stride) {
    for (let x = 0; x < columns; x += stride) {
      const at = (y * columns + x) * step;
      const blue = Math.abs((samples[cb + at] ?? 128) - 128);
      const red = Math.abs((samples[cr + at] ?? 128) - 128);
      cells.add(x, y, Math.max(blue, red));
    }
  }
  return cells.write(grid);
}

/** Where red, green and blue lie in four bytes. */
export type ByteOrder = "RGB" | "BGR";

/** Writes luma and grid of interleaved pixels of four bytes; whether there is colour. */
export function fromPixels(
  pixels: Uint8Array | Uint8ClampedArray,
  [width, height]: readonly [number, number],
  order: ByteOrder,
  luma: Uint8Array,
  grid: Uint8Array,
): boolean {
  const cells = new Cells(width, height);
  // As many samples of colour as the planes of a video have, which halve both sides.
  const stride = 2 * stepOf(width / 2, height / 2);
  const [red, blue] = order === "RGB" ? [0, 2] : [2, 0];
  for (let y = 0, pixel = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, pixel += 1) {
      const at = pixel * 4;
      const r = pixels[at + red] ?? 0;
      const b = pixels[at + blue] ?? 0;
      const level = lumaOf(r, pixels[at + 1] ?? 0, b);
      luma[pixel] = level;
      if (x % stride === 0 && y % stride === 0) {
        // Cb and Cr of BT.601 are these distances.
        cells.add(x, y, Math.min(255, Math.max(0.564 * Math.abs(b - level), 0.713 * Math.abs(r - level))));
      }
    }
  }
  return cells.write(grid);
}
