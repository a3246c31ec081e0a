import { describe, expect, it } from "vitest";
import { shared } from "./shared";

const former = {
  tracks: [
    { id: 1, box: [1, 2], place: null },
    { id: 2, box: [3, 4], place: null },
  ],
  lost: null,
};

/** As it comes from the socket: equal, and nothing in it the same. */
const again = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("what was said before and is said again", () => {
  it("is the same object", () => {
    expect(shared(former, again(former))).toBe(former);
  });
  it("keeps its identity beside what has changed", () => {
    const next = again(former);
    next.tracks[1]?.box.splice(0, 2, 5, 6);
    const both = shared(former, next);
    expect(both).toEqual(next);
    expect(both).not.toBe(former);
    expect(both.tracks[0]).toBe(former.tracks[0]);
    expect(both.tracks[1]).not.toBe(former.tracks[1]);
  });
  it("is never taken for less, more, nothing or something else", () => {
    for (const next of [
      { ...again(former), tracks: former.tracks.slice(0, 1) },
      { ...again(former), tracks: [...former.tracks, { id: 3, box: [], place: null }] },
      { ...again(former), tracks: [] },
      { tracks: again(former.tracks) },
      { ...again(former), more: 0 },
      { ...again(former), lost: 0 },
      null,
      [],
    ]) {
      const said = shared(former, next);
      expect(said).toEqual(next);
      expect(said).not.toBe(former);
    }
    expect(shared(null, former)).toBe(former);
    expect(shared([former], former)).toBe(former);
    expect(shared({ value: undefined }, { other: undefined })).toEqual({ other: undefined });
  });
});
