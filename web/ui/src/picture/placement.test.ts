import { describe, expect, it } from "vitest";
import type { BoxXy } from "../api/wire";
import { type Corner, HOLD_MS, leaderEnd, placeChip, type Wish } from "./placement";

const AREA: BoxXy = [0, 0, 800, 600];

function wish(changes: Partial<Wish>): Wish {
  return { lesion: [350, 250, 450, 350], others: [], chip: [180, 46], area: AREA, held: null, now: 0, ...changes };
}

function overlaps(a: BoxXy, b: BoxXy): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

describe("the chip", () => {
  const cases: readonly (readonly [where: string, lesion: BoxXy, expected: RegExp])[] = [
    ["on the left", [40, 280, 120, 340], /right$/],
    ["on the right", [680, 280, 760, 340], /left$/],
    ["at the top", [350, 10, 450, 70], /^bottom/],
    ["at the bottom", [350, 530, 450, 590], /^top/],
    ["in the top right corner", [700, 10, 790, 70], /^bottom-left$/],
  ];
  it.each(cases)("stands where tissue is free for a lesion %s", (_, lesion, expected) => {
    expect(placeChip(wish({ lesion }))?.held.corner).toMatch(expected);
  });

  it("stays within the picture and off its lesion", () => {
    for (let x = 0; x <= 700; x += 50) {
      for (let y = 0; y <= 500; y += 50) {
        const lesion: BoxXy = [x, y, x + 100, y + 100];
        const box = placeChip(wish({ lesion }))?.box ?? AREA;
        expect(box[0] >= 0 && box[1] >= 0 && box[2] <= 800 && box[3] <= 600, `${lesion}`).toBe(true);
        expect(overlaps(box, lesion), `${lesion}`).toBe(false);
      }
    }
  });

  it("never covers another lesion, and gives up where it would everywhere", () => {
    const right: BoxXy = [470, 0, 800, 600];
    const place = placeChip(wish({ others: [right] }));
    expect(place && overlaps(place.box, right)).toBe(false);
    expect(placeChip(wish({ others: [AREA] }))).toBeNull();
  });

  it("holds its corner for a second, then moves only where it is worth it", () => {
    const held = { corner: "top-left" as Corner, since: 0 };
    const left: BoxXy = [60, 280, 160, 340];
    expect(placeChip(wish({ lesion: left, held, now: HOLD_MS - 1 }))?.held).toEqual(held);
    expect(placeChip(wish({ lesion: left, held, now: HOLD_MS + 1 }))?.held.corner).toMatch(/right$/);
    const middle: BoxXy = [340, 260, 440, 350];
    expect(placeChip(wish({ lesion: middle, held, now: HOLD_MS + 1 }))?.held).toEqual(held);
  });

  it("leaves a held corner at once where it would cover another lesion", () => {
    const held = { corner: "top-right" as Corner, since: 0 };
    const place = placeChip(wish({ held, now: 10, others: [[480, 150, 700, 260]] }));
    expect(place?.held.corner).not.toBe("top-right");
  });

  it("has a leader to the nearest point of the outline", () => {
    expect(
      leaderEnd(
        [
          [0, 0],
          [10, 0],
          [10, 10],
        ],
        [12, 9],
      ),
    ).toEqual([10, 10]);
    expect(leaderEnd([], [0, 0])).toBeNull();
  });
});
