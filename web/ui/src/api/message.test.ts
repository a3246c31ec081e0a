import { describe, expect, it } from "vitest";
import { BadMessage, PictureReader, readCoronal } from "./message";

function message(json: string, luma: readonly number[], length?: number): ArrayBuffer {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(4 + text.length + luma.length);
  new DataView(bytes.buffer).setUint32(0, length ?? text.length, true);
  bytes.set(text, 4);
  bytes.set(luma, 4 + text.length);
  return bytes.buffer;
}

/** A frame's message of these fields, and those that every frame has. */
function frame(fields: object, luma: readonly number[] = [0]): ArrayBuffer {
  return message(JSON.stringify({ size_px: [luma.length, 1], volume: { tracks: [] }, ...fields }), luma);
}

const readPicture = (bytes: ArrayBuffer) => new PictureReader().read(bytes);

describe("the binary message", () => {
  it("gives the update and the luma that came with it", () => {
    const { update, luma } = readPicture(frame({ frame: 7, size_px: [3, 2] }, [1, 2, 3, 4, 5, 255]));
    expect(update.frame).toBe(7);
    expect([...luma]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("reads Chinese words", () => {
    const { update } = readPicture(frame({ scale_source: "读自深度尺" }));
    expect(update.scale_source).toBe("读自深度尺");
  });

  it("keeps the outlines of a solid until others come or it is gone", () => {
    const reader = new PictureReader();
    const read = (...tracks: readonly object[]) =>
      reader.read(frame({ volume: { tracks } })).update.volume.tracks.map(({ track, slices_mm }) => [track, slices_mm]);
    const [one, other] = [[[[0, 1, 2]]], [[[3, 4, 5]]]];
    expect(read({ track: 1, slices_mm: one })).toEqual([[1, one]]);
    expect(read({ track: 1, slices_mm: null }, { track: 2, slices_mm: other })).toEqual([
      [1, one],
      [2, other],
    ]);
    expect(read({ track: 1, slices_mm: other }, { track: 2, slices_mm: null })).toEqual([
      [1, other],
      [2, other],
    ]);
    expect(read({ track: 2, slices_mm: null })).toEqual([[2, other]]);
    expect(() => read({ track: 1, slices_mm: null })).toThrow(BadMessage);
  });

  it("gives a coronal view with its luma", () => {
    const { view, luma } = readCoronal(message('{"size_px":[2,1],"depth":15.5}', [0, 9]));
    expect(view.depth).toBe(15.5);
    expect([...luma]).toEqual([0, 9]);
  });

  const bad: readonly (readonly [why: string, bytes: ArrayBuffer, says: string])[] = [
    ["nothing", new ArrayBuffer(0), "message: 0 bytes"],
    ["half a length", new ArrayBuffer(3), "message: 3 bytes"],
    ["a length beyond the end", message("{}", [], 0xffffffff), "JSON length: 4294967295 bytes"],
    ["no JSON", message("{", []), "JSON"],
    ["JSON that is no update", message("null", []), "size_px"],
    ["too little luma", message('{"size_px":[2,2]}', [1, 2, 3]), "luma: 3 bytes, 2 × 2 expected"],
    ["too much luma", message('{"size_px":[1,1]}', [1, 2]), "luma: 2 bytes, 1 × 1 expected"],
  ];
  it.each(bad)("refuses %s", (_, bytes, says) => {
    expect(() => readPicture(bytes)).toThrow(BadMessage);
    expect(() => readPicture(bytes)).toThrow(says);
  });
});
