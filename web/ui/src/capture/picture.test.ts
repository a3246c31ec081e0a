import { describe, expect, it } from "vitest";
import { Copier, type Frame, isFit, lookOf } from "./frames";
import { lumaOf } from "./luma";
import { announcement, GRID_CELLS, HEADER_BYTES, readAnswer } from "./protocol";
import { Stamps } from "./stamps";

const WIDTH = 66;
const HEIGHT = 65;

/** A frame whose luma counts up, and whose chroma is `cb` and `cr` everywhere. */
function planar(format: "I420" | "I422" | "I444" | "NV12", [cb, cr]: readonly [number, number]): Frame {
  return {
    format,
    visibleRect: { width: WIDTH, height: HEIGHT },
    colorSpace: { fullRange: false },
    timestamp: 0,
    copyTo: (destination, { layout }) => {
      const [luma, ...chroma] = layout;
      for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel += 1) {
        destination[(luma?.offset ?? 0) + pixel] = pixel % 251;
      }
      const rows = format === "I420" || format === "NV12" ? Math.ceil(HEIGHT / 2) : HEIGHT;
      for (const [plane, { offset, stride }] of chroma.entries()) {
        for (let at = 0; at < stride * rows; at += 1) {
          destination[offset + at] = format === "NV12" ? (at % 2 === 0 ? cb : cr) : plane === 0 ? cb : cr;
        }
      }
      return Promise.resolve();
    },
    close: () => {},
  };
}

function packed(format: "RGBX" | "BGRA" | null, pixel: readonly [number, number, number, number]): Frame {
  const fill = (into: { [at: number]: number; readonly length: number }): void => {
    for (let at = 0; at < into.length; at += 1) {
      into[at] = pixel[at % 4] ?? 0;
    }
  };
  return {
    format,
    visibleRect: { width: WIDTH, height: HEIGHT },
    colorSpace: { fullRange: null },
    timestamp: 0,
    copyTo: (destination) => {
      fill(destination);
      return Promise.resolve();
    },
    close: () => {},
  };
}

async function message(frame: Frame): Promise<{ luma: Uint8Array; grid: Uint8Array; view: DataView }> {
  const draw = (_: Frame, width: number, height: number) => {
    const pixels = new Uint8ClampedArray(4 * width * height);
    void frame.copyTo(pixels as unknown as Uint8Array, { layout: [] });
    return pixels;
  };
  const bytes = await new Copier(draw).message(frame, { sequence: 7, stampUs: 1_700_000_000_000_123 });
  expect(bytes.length).toBe(HEADER_BYTES + WIDTH * HEIGHT + GRID_CELLS);
  const luma = bytes.subarray(HEADER_BYTES, HEADER_BYTES + WIDTH * HEIGHT);
  return { luma, grid: bytes.subarray(HEADER_BYTES + luma.length), view: new DataView(bytes.buffer) };
}

describe("a frame as a message", () => {
  it("has the header that the program reads", async () => {
    const { view } = await message(planar("I420", [128, 128]));
    expect(view.getUint32(0, true)).toBe(7);
    expect(view.getUint32(4, true)).toBe(2);
    expect(view.getBigUint64(8, true)).toBe(1_700_000_000_000_123n);
    expect([view.getUint16(16, true), view.getUint16(18, true)]).toEqual([WIDTH, HEIGHT]);
    expect(view.getUint32(20, true)).toBe(WIDTH * HEIGHT + GRID_CELLS);
  });

  it.each(["I420", "I422", "I444", "NV12"] as const)("takes the plane of luma of %s as it is", async (format) => {
    const { luma, grid, view } = await message(planar(format, [128, 160]));
    expect([...luma.subarray(0, 300)]).toEqual(Array.from({ length: 300 }, (_, pixel) => pixel % 251));
    expect(luma.at(-1)).toBe((WIDTH * HEIGHT - 1) % 251);
    expect(new Set(grid)).toEqual(new Set([32]));
    expect(view.getUint32(4, true)).toBe(3);
  });

  it.each([
    ["RGBX", [200, 100, 50, 255]],
    ["BGRA", [50, 100, 200, 255]],
    [null, [200, 100, 50, 255]],
  ] as const)("makes grey of %s as the program does", async (format, pixel) => {
    const { luma, grid, view } = await message(packed(format, pixel));
    // 0.713 × (200 − 124), in every cell.
    expect(new Set(grid)).toEqual(new Set([54]));
    expect(new Set(luma)).toEqual(new Set([lumaOf(200, 100, 50)]));
    expect(view.getUint32(4, true)).toBe(3);
  });

  it("calls grey pixels grey", async () => {
    const { grid, view } = await message(packed("RGBX", [90, 90, 90, 255]));
    expect(new Set(grid)).toEqual(new Set([0]));
    expect(view.getUint32(4, true)).toBe(2);
  });

  it("has the range of its planes, and the full one where nobody says", () => {
    const range = (frame: Frame, fullRange: boolean | null) => lookOf({ ...frame, colorSpace: { fullRange } }).range;
    const planes = planar("NV12", [0, 0]);
    expect([false, true, null].map((full) => range(planes, full))).toEqual(["limited", "full", "full"]);
    expect(range(packed("BGRA", [0, 0, 0, 0]), false)).toBe("full");
  });

  it("is of a size that the program takes", () => {
    const check = (width: number, height: number) => isFit({ width, height });
    expect([check(64, 64), check(4096, 3906), check(1920, 1080)]).toEqual([true, true, true]);
    expect([check(63, 64), check(4097, 64), check(4096, 4096), check(0, 0)]).toEqual([false, false, false, false]);
  });
});

describe("times", () => {
  it("are the device's, tied to this clock, and never fall", () => {
    const check = (frames: readonly (readonly [device: number | null, now: number])[], expected: readonly number[]) => {
      const stamps = new Stamps();
      expect(frames.map(([device, now]) => stamps.of(device, now))).toEqual(expected);
    };
    const now = 1_700_000_000_000_000;
    check(
      [
        [500, now],
        [40_500, now + 55_000],
        [80_500, now + 81_000],
      ],
      [now, now + 40_000, now + 80_000],
    );
    // The device begins anew: its times are tied again.
    check(
      [
        [9_000_000, now],
        [0, now + 40_000],
        [40_000, now + 90_000],
      ],
      [now, now + 40_000, now + 80_000],
    );
    check(
      [
        [null, now],
        [null, now - 500],
      ],
      [now, now],
    );
  });
});

describe("texts", () => {
  it("announce what comes", () => {
    const about = { kind: "camera", frameRate: 29.97, takeOver: false, page: 5 } as const;
    const text = announcement({ ...about, width: 640, height: 480, range: "limited" });
    expect(JSON.parse(text)).toEqual({
      peony_capture: 1,
      width: 640,
      height: 480,
      format: "luma8+chroma",
      range: "limited",
      frame_rate: 29.97,
      source: "camera",
      page: 5,
    });
  });

  it("of the program are read, and those of a later one passed over", () => {
    expect(readAnswer('{"capturing":true,"in_flight":2}')).toEqual({ kind: "capturing", inFlight: 2 });
    expect(readAnswer('{"taken":3}')).toEqual({ kind: "answered", taken: true });
    expect(readAnswer('{"passed_over":3,"dropped":1}')).toEqual({ kind: "answered", taken: false });
    expect(readAnswer('{"error":"busy","message":""}')).toEqual({ kind: "error", code: "busy" });
    expect(readAnswer('{"news":1}')).toBeNull();
  });
});
