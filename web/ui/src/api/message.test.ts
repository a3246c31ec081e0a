import { describe, expect, it } from "vitest";
import { BadMessage, readCoronal, readPicture } from "./message";

function message(json: string, luma: readonly number[], length?: number): ArrayBuffer {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(4 + text.length + luma.length);
  new DataView(bytes.buffer).setUint32(0, length ?? text.length, true);
  bytes.set(text, 4);
  bytes.set(luma, 4 + text.length);
  return bytes.buffer;
}

describe("the binary message", () => {
  it("gives the update and the luma that came with it", () => {
    const { update, luma } = readPicture(message('{"frame":7,"size_px":[3,2]}', [1, 2, 3, 4, 5, 255]));
    expect(update.frame).toBe(7);
    expect([...luma]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("reads Chinese words", () => {
    const { update } = readPicture(message('{"size_px":[1,1],"scale_source":"读自深度尺"}', [0]));
    expect(update.scale_source).toBe("读自深度尺");
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
