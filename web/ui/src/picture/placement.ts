/** Where the chip of the current lesion stands: beside it, where most tissue is free, and calm. */
import type { BoxXy, Xy } from "../api/wire";

/** The corner of the lesion that the chip stands off. */
export const CORNERS = ["top-right", "top-left", "bottom-right", "bottom-left"] as const;
export type Corner = (typeof CORNERS)[number];

/** A corner and since when (ms, any clock) the chip has stood there. */
export interface Held {
  readonly corner: Corner;
  readonly since: number;
}

export interface Wish {
  /** The current lesion, in the units of the screen. */
  readonly lesion: BoxXy;
  /** The other lesions, which the chip never covers. */
  readonly others: readonly BoxXy[];
  /** Width and height of the chip. */
  readonly chip: Xy;
  /** Where the chip may stand. */
  readonly area: BoxXy;
  readonly held: Held | null;
  readonly now: number;
}

export interface Place {
  readonly held: Held;
  /** The chip's box. */
  readonly box: BoxXy;
}

/** How long the chip keeps its corner, ms. */
export const HOLD_MS = 1000;
/** How far it stands off the lesion's box. */
const OFFSET = 26;
/** After the hold, another corner must have so many times the room. */
const WORTH_MOVING = 1.5;

/** Finds the place; `null` only where the chip would cover another lesion wherever it stood. */
export function placeChip(wish: Wish): Place | null {
  const candidates = CORNERS.map((corner) => candidate(wish, corner)).filter((place) => place.free);
  const best = candidates.reduce<Candidate | null>((a, b) => (a && a.room >= b.room ? a : b), null);
  if (!best) {
    return null;
  }
  const { held, now } = wish;
  const stay = held && candidates.find((place) => place.corner === held.corner);
  if (held && stay && (now - held.since < HOLD_MS || stay.room * WORTH_MOVING >= best.room)) {
    return { held, box: stay.box };
  }
  return { held: { corner: best.corner, since: now }, box: best.box };
}

interface Candidate {
  readonly corner: Corner;
  readonly box: BoxXy;
  /** How much tissue lies on that side beyond what the chip needs; below zero where it had to be pushed back. */
  readonly room: number;
  /** It covers no other lesion. */
  readonly free: boolean;
}

function candidate(wish: Wish, corner: Corner): Candidate {
  const { lesion, area, chip } = wish;
  const right = corner.endsWith("right");
  const bottom = corner.startsWith("bottom");
  const x = right ? lesion[2] + OFFSET : lesion[0] - OFFSET - chip[0];
  const y = bottom ? lesion[3] + OFFSET / 2 : lesion[1] - OFFSET / 2 - chip[1];
  const [left, top] = [clamp(x, area[0], area[2] - chip[0]), clamp(y, area[1], area[3] - chip[1])];
  const box: BoxXy = [left, top, left + chip[0], top + chip[1]];
  const pushed = Math.hypot(left - x, top - y);
  const beside = right ? area[2] - lesion[2] : lesion[0] - area[0];
  const beyond = bottom ? area[3] - lesion[3] : lesion[1] - area[1];
  const over = overlap(box, lesion);
  const room = Math.max(1, Math.min(beside, beyond * 2)) / (1 + pushed / 40 + over / 400);
  return { corner, box, room, free: wish.others.every((other) => overlap(box, other) === 0) };
}

function overlap(a: BoxXy, b: BoxXy): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The point of the lesion's rim at which the leader ends: the outline's nearest to the chip. */
export function leaderEnd(outline: readonly Xy[], from: Xy): Xy | null {
  let nearest: Xy | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const point of outline) {
    const distance = Math.hypot(point[0] - from[0], point[1] - from[1]);
    if (distance < least) {
      [nearest, least] = [point, distance];
    }
  }
  return nearest;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
