import { describe, expect, it } from "vitest";
import type { Xy } from "../api/wire";
import { diameters } from "./diameters";
import { ticks } from "./frame";
import { fitPicture, onStage } from "./geometry";
import { project, rings, THREE_QUARTERS, turned } from "./solid";

const length = ([[x0, y0], [x1, y1]]: readonly [Xy, Xy], pixel: Xy = [1, 1]): number =>
  Math.hypot((x1 - x0) * pixel[0], (y1 - y0) * pixel[1]);

function ellipse(a: number, b: number, angle: number, pixel: Xy = [1, 1]): readonly Xy[] {
  return Array.from({ length: 180 }, (_, step): Xy => {
    const [u, v] = [a * Math.cos((step / 90) * Math.PI), b * Math.sin((step / 90) * Math.PI)];
    const [x, y] = [u * Math.cos(angle) - v * Math.sin(angle), u * Math.sin(angle) + v * Math.cos(angle)];
    return [(x + 100) / pixel[0], (y + 100) / pixel[1]];
  });
}

describe("calipers", () => {
  it.each([0, 0.4, 1.2, 2.8])("are the axes of an ellipse turned by %f", (angle) => {
    const lines = diameters(ellipse(30, 12, angle));
    expect(lines && length(lines.long)).toBeCloseTo(60, 0);
    expect(lines && length(lines.short)).toBeCloseTo(24, 0);
  });

  it("are right in millimetres where pixels are not square", () => {
    const pixel: Xy = [0.1, 0.2];
    const lines = diameters(ellipse(15, 5, 0.7, pixel), pixel);
    expect(lines && length(lines.long, pixel)).toBeCloseTo(30, 0);
    expect(lines && length(lines.short, pixel)).toBeCloseTo(10, 0);
  });

  it("are none for fewer than three points or for a single place", () => {
    expect(
      diameters([
        [0, 0],
        [1, 1],
      ]),
    ).toBeNull();
    expect(
      diameters([
        [5, 5],
        [5, 5],
        [5, 5],
      ]),
    ).toBeNull();
  });
});

describe("the picture on the stage", () => {
  it("keeps its shape, fits, and leaves room for the ruler", () => {
    const fit = fitPicture([818, 584], [640, 480]);
    expect(fit.width / fit.height).toBeCloseTo(640 / 480, 6);
    const [right, bottom] = onStage(fit, [640, 480]);
    expect(fit.left).toBeGreaterThanOrEqual(12);
    expect(right).toBeLessThanOrEqual(818 - 50 + 1e-9);
    expect(bottom).toBeLessThanOrEqual(584);
  });
});

describe("the depth ruler", () => {
  it("has a number each centimetre and a tick between", () => {
    expect(ticks(0, 200, 0.1).map(({ y, label }) => [y, label])).toEqual([
      [0, "0"],
      [50, null],
      [100, "10"],
      [150, null],
      [200, "20"],
    ]);
  });
  it("has no number where the scale is unknown", () => {
    expect(ticks(10, 210, null).map(({ label }) => label)).toEqual([null, null, null, null, null]);
  });
});

describe("the third dimension", () => {
  it("keeps lengths along the screen and puts the newest plane nearest", () => {
    const flat = { yaw: 0, pitch: 0 };
    expect(project([3, 7, 5], flat)).toEqual([3, 5]);
    const [, far] = project([0, 0, 0], THREE_QUARTERS);
    const [, near] = project([0, 10, 0], THREE_QUARTERS);
    expect(near).toBeGreaterThan(far);
  });
  it("cannot be turned upside down", () => {
    expect(turned(THREE_QUARTERS, 0, 9).pitch).toBeLessThan(Math.PI / 2);
    expect(turned(THREE_QUARTERS, 0, -9).pitch).toBeGreaterThan(-Math.PI / 2);
  });
  it("has rings only once there is a solid to go by", () => {
    const slice = (y: number) =>
      [
        [0, y, 0],
        [4, y, 0],
        [2, y, 6],
      ] as [number, number, number][];
    const solid = { track: 1, letter: "A", volume_cm3: 1, relative_error: 0.2, along_mm: 2 };
    expect(rings({ ...solid, slices_mm: [slice(0), slice(1)] })).toEqual([]);
    const [across] = rings({ ...solid, slices_mm: [slice(0), slice(1), slice(2)] });
    expect(across?.[0]).toEqual([4, 1, 3]);
  });
});
