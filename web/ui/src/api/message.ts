/** The binary message of the live socket: a frame and everything said about it, in one piece. */
import type { LiveUpdate } from "./wire";

/** What was said about a frame, and the frame: `width × height` bytes of luma, row-major, top row first. */
export interface Picture {
  readonly update: LiveUpdate;
  readonly luma: Uint8Array;
}

/** A message that is not what the protocol says. */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
}

const LENGTH_BYTES = 4;
const text = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads `u32` little-endian length of the JSON, the JSON, the luma.
 * @throws BadMessage naming the field, the value and the limit; a picture without its marks is never returned.
 */
export function readPicture(message: ArrayBuffer): Picture {
  if (message.byteLength < LENGTH_BYTES) {
    throw new BadMessage(`message: ${message.byteLength} bytes, at least ${LENGTH_BYTES} expected`);
  }
  const length = new DataView(message).getUint32(0, true);
  const lumaFrom = LENGTH_BYTES + length;
  if (lumaFrom > message.byteLength) {
    throw new BadMessage(`JSON length: ${length} bytes, ${message.byteLength - LENGTH_BYTES} follow`);
  }
  const update = readUpdate(new Uint8Array(message, LENGTH_BYTES, length));
  const luma = new Uint8Array(message, lumaFrom);
  const [width, height] = update.size_px;
  if (luma.length !== width * height) {
    throw new BadMessage(`luma: ${luma.length} bytes, ${width} × ${height} expected`);
  }
  return { update, luma };
}

function readUpdate(bytes: Uint8Array): LiveUpdate {
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
  return value as LiveUpdate;
}
