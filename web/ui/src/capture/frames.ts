/** From a browser's video frame to a message: the plane of luma as it is, and the colours as a coarse grid. */
import { fromPixels, gridOfChroma } from "./luma";
import { GRID_CELLS, HEADER_BYTES, type Head, type LevelRange, type Look, seal } from "./protocol";

/** What is read of a `VideoFrame`; tests give their own. */
export interface Frame {
  readonly format: string | null;
  readonly visibleRect: { readonly width: number; readonly height: number } | null;
  readonly colorSpace: { readonly fullRange: boolean | null };
  readonly timestamp: number;
  copyTo(destination: Uint8Array, options: { readonly layout: PlaneLayout[] }): Promise<unknown>;
  close(): void;
}

/** Draws a frame of a kind that cannot be copied, and gives its pixels, red first. */
export type Draw = (frame: Frame, width: number, height: number) => Uint8ClampedArray;

/** How the colours of a planar format lie: how many columns and rows of luma share a sample. */
const PLANAR: Readonly<Record<string, { readonly across: 1 | 2; readonly down: 1 | 2; readonly woven: boolean }>> = {
  I420: { across: 2, down: 2, woven: false },
  I422: { across: 2, down: 1, woven: false },
  I444: { across: 1, down: 1, woven: false },
  NV12: { across: 2, down: 2, woven: true },
};
const PACKED: Readonly<Record<string, "RGB" | "BGR">> = { RGBA: "RGB", RGBX: "RGB", BGRA: "BGR", BGRX: "BGR" };

/** What the server takes. */
const SIDE = [64, 4096] as const;
const MOST_PIXELS = 16_000_000;

export function isFit({ width, height }: { readonly width: number; readonly height: number }): boolean {
  const inside = (side: number): boolean => side >= SIDE[0] && side <= SIDE[1];
  return inside(width) && inside(height) && width * height <= MOST_PIXELS;
}

/**
 * Size and range of a frame. Levels of pixels are full; of planes whose range nobody says, they are taken as they are:
 * darks that are 16 too bright lose nothing, darks that are cut off do.
 */
export function lookOf(frame: Frame): Look {
  const planar = frame.format !== null && frame.format in PLANAR;
  const range: LevelRange = planar && frame.colorSpace.fullRange === false ? "limited" : "full";
  const { width, height } = frame.visibleRect ?? { width: 0, height: 0 };
  return { width, height, range };
}

/** Copies frames into messages; its memory is used again for the next. */
export class Copier {
  private buffer = new ArrayBuffer(0);
  private readonly grid = new Uint8Array(GRID_CELLS);

  constructor(private readonly draw: Draw) {}

  /** The whole message of a frame; it is valid until the next call. */
  async message(frame: Frame, head: Pick<Head, "sequence" | "stampUs">): Promise<Uint8Array<ArrayBuffer>> {
    const { width, height } = lookOf(frame);
    const colourSeen = await this.copy(frame, width, height);
    new Uint8Array(this.buffer, HEADER_BYTES + width * height, GRID_CELLS).set(this.grid);
    return seal(this.buffer, { ...head, width, height, colourSeen });
  }

  private async copy(frame: Frame, width: number, height: number): Promise<boolean> {
    const planar = PLANAR[frame.format ?? ""];
    if (planar) {
      const columns = Math.ceil(width / planar.across);
      const rows = Math.ceil(height / planar.down);
      const chromaFrom = width * height;
      const plane = columns * rows;
      const payload = this.payload(chromaFrom + Math.max(2 * plane, GRID_CELLS));
      const luma = { offset: 0, stride: width };
      const layout = planar.woven
        ? [luma, { offset: chromaFrom, stride: 2 * columns }]
        : [luma, { offset: chromaFrom, stride: columns }, { offset: chromaFrom + plane, stride: columns }];
      await frame.copyTo(payload, { layout });
      const cr = planar.woven ? chromaFrom + 1 : chromaFrom + plane;
      const step = planar.woven ? 2 : 1;
      return gridOfChroma({ samples: payload, columns, rows, cb: chromaFrom, cr, step }, this.grid);
    }
    const order = PACKED[frame.format ?? ""];
    const payload = this.payload(width * height + GRID_CELLS);
    if (!order) {
      return fromPixels(this.draw(frame, width, height), [width, height], "RGB", payload, this.grid);
    }
    const pixels = new Uint8Array(4 * width * height);
    await frame.copyTo(pixels, { layout: [{ offset: 0, stride: 4 * width }] });
    return fromPixels(pixels, [width, height], order, payload, this.grid);
  }

  /** What follows the header, at least so long. */
  private payload(bytes: number): Uint8Array {
    if (this.buffer.byteLength < HEADER_BYTES + bytes) {
      this.buffer = new ArrayBuffer(HEADER_BYTES + bytes);
    }
    return new Uint8Array(this.buffer, HEADER_BYTES);
  }
}
