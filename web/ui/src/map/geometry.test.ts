import { describe, expect, it } from "vitest";
import type { Place, Side } from "../exam/api";
import {
  clockOf,
  drawnAt,
  halfHours,
  mirrored,
  moved,
  onMap,
  type Point,
  placeAt,
  placeUnder,
  quadrantOf,
  spread,
} from "./geometry";

const apart = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
const at = (side: Side, clock: string | null, from_nipple_mm: number | null): Place => ({
  side,
  clock,
  from_nipple_mm,
});

describe("the map is seen facing the patient", () => {
  it.each([
    ["10:00", 4, -3.464, 2.0],
    ["2:00", 3, 2.598, 1.5],
    ["6:00", 5, 0, -5],
    ["12:00", 3, 0, 3],
    ["3:00", 3, 3, 0],
  ])("%s at %f is (%f, %f)", (clock, from, x, y) => {
    expect(apart(onMap(clock, from), [x, y])).toBeLessThan(1e-3);
  });
  it.each([
    ["10:00", 4, "11:00", 4, 2.071],
    ["12:00", 3, "1:00", 3, 1.553],
    ["10:00", 4, "2:00", 4, 6.928],
  ])("%s at %f lies %s at %f apart: %f", (a, fromA, b, fromB, distance) => {
    expect(apart(onMap(a, fromA), onMap(b, fromB))).toBeCloseTo(distance, 3);
  });
  it("draws the patient's right breast on the left", () => {
    const [right, left] = [drawnAt(at("right", "9:00", 30)), drawnAt(at("left", "9:00", 30))];
    expect(right?.[0]).toBeLessThan(left?.[0] ?? 0);
  });
});

describe("quadrants are those of the side", () => {
  it.each([
    ["right", "10:00", "upper_outer"],
    ["left", "10:00", "upper_inner"],
    ["right", "2:00", "upper_inner"],
    ["left", "2:00", "upper_outer"],
    ["left", "4:00", "lower_outer"],
    ["right", "4:00", "lower_inner"],
    ["right", "8:30", "lower_outer"],
    ["right", "12:00", null],
    ["left", "9:00", null],
    ["left", "12:30", "upper_outer"],
  ] as const)("%s %s is %s", (side, clock, quadrant) => {
    expect(quadrantOf(side, clock)).toBe(quadrant);
  });
  it("a mirrored place keeps its quadrant", () => {
    for (let steps = 0; steps < 24; steps += 1) {
      const place = at("right", clockOf(steps), 40);
      const other = mirrored(place);
      expect(other.side).toBe("left");
      expect(quadrantOf("left", other.clock ?? "")).toBe(quadrantOf("right", place.clock ?? ""));
      expect(mirrored(other)).toEqual(place);
    }
  });
});

describe("clock positions", () => {
  it("are read as they are written", () => {
    for (let steps = 0; steps < 24; steps += 1) {
      expect(halfHours(clockOf(steps))).toBe(steps);
    }
    expect([clockOf(-1), clockOf(24), clockOf(21)]).toEqual(["11:30", "12:00", "10:30"]);
  });
  it.each(["", "0:00", "13:00", "10", "10:15", "10:3", "-1:00"])("%j is none", (text) => {
    expect(halfHours(text)).toBeNull();
  });
});

describe("a point of the map", () => {
  it("is the place that is drawn there, wherever it is", () => {
    for (const side of ["right", "left"] as const) {
      for (let steps = 0; steps < 24; steps += 1) {
        for (const from of [5, 20, 40, 80]) {
          const place = at(side, clockOf(steps), from);
          expect(placeUnder(drawnAt(place) ?? [0, 0])).toEqual(place);
        }
      }
    }
  });
  it("is told to the half hour and the half centimetre", () => {
    expect(placeAt("left", [-28.6, 28.1])).toEqual(at("left", "10:30", 40));
    expect(placeAt("left", [0, 0]).from_nipple_mm).toBe(0);
    expect(placeAt("right", [0, 500]).from_nipple_mm).toBe(120);
  });
  it("without a clock position has no place on the drawing", () => {
    expect([drawnAt(at("left", null, 30)), drawnAt(at("left", "3:00", null))]).toEqual([null, null]);
  });
});

describe("the arrows", () => {
  it("move half an hour or five millimetres", () => {
    const place = at("left", "12:00", 40);
    expect(moved(place, { clockwise: -1 })).toEqual(at("left", "11:30", 40));
    expect(moved(place, { outwards: 1 })).toEqual(at("left", "12:00", 45));
    expect(moved(at("left", "1:00", 0), { outwards: -1 })).toEqual(at("left", "1:00", 0));
    expect(moved(at("left", "1:00", 120), { outwards: 1 })).toEqual(at("left", "1:00", 120));
  });
  it("begin at 12:00 where nothing is known", () => {
    expect(moved(at("right", null, null), { clockwise: 1 })).toEqual(at("right", "12:00", 30));
  });
});

describe("dots that share a place", () => {
  const APART = 24;
  const nearest = (points: readonly (readonly [number, number])[]): number =>
    Math.min(...points.flatMap((a, i) => points.slice(i + 1).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))));
  it.each([2, 3, 5, 9, 13])("%i go apart, the same way each time", (count) => {
    const points = Array.from({ length: count }, () => [240, 60] as const);
    const moved = spread(points, APART, "left");
    expect(nearest(moved)).toBeGreaterThan(APART - 0.5);
    expect(spread(points, APART, "left")).toEqual(moved);
    // In all directions, and not in a row that runs out of the breast.
    const [wide, high] = [0, 1].map(
      (axis) => Math.max(...moved.map((at) => at[axis] ?? 0)) - Math.min(...moved.map((at) => at[axis] ?? 0)),
    );
    expect(Math.max(wide ?? 0, high ?? 0)).toBeLessThan(APART * (Math.sqrt(count) + 1));
    for (const [x, y] of moved) {
      expect(x >= 164 && x <= 286 && y >= 14 && y <= 148, `${x} ${y}`).toBe(true);
    }
  });
  it("near the edge stay on the map", () => {
    const moved = spread(
      Array.from({ length: 6 }, () => [285, 20] as const),
      APART,
      "left",
    );
    expect(nearest(moved)).toBeGreaterThan(APART - 0.5);
    expect(moved.every(([x, y]) => x <= 286 && y >= 14)).toBe(true);
  });
  it("move as little as they can, and those alone not at all", () => {
    const moved = spread(
      [
        [100, 80],
        [110, 80],
        [120, 140],
      ],
      APART,
      "right",
    );
    expect(moved[2]).toEqual([120, 140]);
    expect(Math.hypot((moved[0]?.[0] ?? 0) - 100, (moved[0]?.[1] ?? 0) - 80)).toBeCloseTo(7, 1);
  });
  it("none and one are nothing to do", () => {
    expect(spread([], APART, "left")).toEqual([]);
    expect(spread([[3, 3]], APART, "right")).toEqual([[3, 3]]);
  });
});
