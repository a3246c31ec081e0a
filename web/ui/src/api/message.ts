/** What comes described and pictured in one piece: a frame of the live socket, and a coronal view. */
import type { CoronalView, LiveUpdate, SentUpdate, Slices } from "./wire";

/** What was said about a frame, and the frame: `width × height` bytes of luma, row-major, top row first. */
export interface Picture {
  readonly update: LiveUpdate;
  readonly luma: Uint8Array;
}

/** A coronal view and its `width × height` bytes of luma; 0 where nothing was laid. */
export interface CoronalPicture {
  readonly view: CoronalView;
  readonly luma: Uint8Array;
}

/** A message that is not what the protocol says. */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
}

const LENGTH_BYTES = 4;
const text = new TextDecoder("utf-8", { fatal: true });

/** Reads the frames of one socket, on which the outlines of a solid come again only when they have changed. */
export class PictureReader {
  private slices: ReadonlyMap<number, Slices> = new Map();

  /** The next frame. @throws BadMessage; a picture without its marks is never returned. */
  read(message: ArrayBuffer): Picture {
    const { description, luma } = readPiece<SentUpdate>(message);
    const tracks = description.volume.tracks.map((solid) => {
      const slices_mm = solid.slices_mm ?? this.slices.get(solid.track);
      if (!slices_mm) {
        throw new BadMessage(`volume: track ${solid.track} never had slices_mm`);
      }
      return { ...solid, slices_mm };
    });
    this.slices = new Map(tracks.map(({ track, slices_mm }) => [track, slices_mm]));
    return { update: { ...description, volume: { ...description.volume, tracks } }, luma };
  }
}

/** A coronal view. @throws BadMessage. */
export function readCoronal(message: ArrayBuffer): CoronalPicture {
  const { description, luma } = readPiece<CoronalView>(message);
  return { view: description, luma };
}

/** What describes a picture. */
interface Description {
  readonly size_px: readonly [width: number, height: number];
}

/**
 * Reads `u32` little-endian length of the JSON, the JSON, the luma.
 * @throws BadMessage naming the field, the value and the limit.
 */
function readPiece<T extends Description>(
  message: ArrayBuffer,
): { readonly description: T; readonly luma: Uint8Array } {
  if (message.byteLength < LENGTH_BYTES) {
    throw new BadMessage(`message: ${message.byteLength} bytes, at least ${LENGTH_BYTES} expected`);
  }
  const length = new DataView(message).getUint32(0, true);
  const lumaFrom = LENGTH_BYTES + length;
  if (lumaFrom > message.byteLength) {
    throw new BadMessage(`JSON length: ${length} bytes, ${message.byteLength - LENGTH_BYTES} follow`);
  }
  const description = readDescription<T>(new Uint8Array(message, LENGTH_BYTES, length));
  const luma = new Uint8Array(message, lumaFrom);
  const [width, height] = description.size_px;
  if (luma.length !== width * height) {
    throw new BadMessage(`luma: ${luma.length} bytes, ${width} × ${height} expected`);
  }
  return { description, luma };
}

function readDescription<T extends Description>(bytes: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(text.decode(bytes));
  } catch (error) {
    throw new BadMessage(`JSON: ${String(error)}`);
  }
  // Server and page are built from one description; what is checked is only what a mixed-up message would break.
  if (typeof value !== "object" || value === null || !("size_px" in value) || !Array.isArray(value.size_px)) {
    throw new BadMessage("size_px: missing");
  }
  return value as T;
}
