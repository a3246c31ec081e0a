/** The capture socket's messages (docs/API.md, 'Capture socket', version 1). */

export type CaptureKind = "camera" | "screen" | "file";
export type LevelRange = "limited" | "full";

/** What the coming pictures are like. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly range: LevelRange;
}

export interface Announcing extends Look {
  readonly kind: CaptureKind;
  readonly frameRate: number | null;
  readonly takeOver: boolean;
  /** Drawn by lot once a page, so that it gets its own place back. */
  readonly page: number;
}

export function announcement({ width, height, range, kind, frameRate, takeOver, page }: Announcing): string {
  return JSON.stringify({
    peony_capture: 1,
    width,
    height,
    format: "luma8+chroma",
    range,
    frame_rate: frameRate,
    source: kind,
    ...(takeOver && { take_over: true }),
    page,
  });
}

export const HEADER_BYTES = 24;
/** Columns and rows of the grid of colour. */
export const GRID = [32, 24] as const;
export const GRID_CELLS = GRID[0] * GRID[1];

const COLOUR_SEEN = 1;
const GRID_FOLLOWS = 2;

export interface Head {
  readonly sequence: number;
  readonly stampUs: number;
  readonly width: number;
  readonly height: number;
  /** `null` where there is no grid. */
  readonly colourSeen: boolean | null;
}

/** Writes the header before luma and grid, which lie in the buffer already; the whole message. */
export function seal(
  buffer: ArrayBuffer,
  { sequence, stampUs, width, height, colourSeen }: Head,
): Uint8Array<ArrayBuffer> {
  const payload = width * height + (colourSeen === null ? 0 : GRID_CELLS);
  const view = new DataView(buffer);
  view.setUint32(0, sequence, true);
  view.setUint32(4, colourSeen === null ? 0 : GRID_FOLLOWS | (colourSeen ? COLOUR_SEEN : 0), true);
  view.setBigUint64(8, BigInt(Math.max(0, Math.round(stampUs))), true);
  view.setUint16(16, width, true);
  view.setUint16(18, height, true);
  view.setUint32(20, payload, true);
  return new Uint8Array(buffer, 0, HEADER_BYTES + payload);
}

export type Refusal =
  | "bad_announcement"
  | "unsupported_version"
  | "bad_frame"
  | "size"
  | "busy"
  | "taken_over"
  | "too_many";

export type Answer =
  | { readonly kind: "capturing"; readonly inFlight: number }
  /** A picture was answered; passed over ones count as well as taken ones. */
  | { readonly kind: "answered"; readonly taken: boolean }
  | { readonly kind: "error"; readonly code: Refusal };

/** `null` for what a later version may say. */
export function readAnswer(text: string): Answer | null {
  const said: unknown = JSON.parse(text);
  if (typeof said !== "object" || said === null) {
    return null;
  }
  if ("capturing" in said) {
    const inFlight = "in_flight" in said && typeof said.in_flight === "number" ? said.in_flight : 1;
    return { kind: "capturing", inFlight };
  }
  if ("taken" in said || "passed_over" in said) {
    return { kind: "answered", taken: "taken" in said };
  }
  return "error" in said ? { kind: "error", code: said.error as Refusal } : null;
}
