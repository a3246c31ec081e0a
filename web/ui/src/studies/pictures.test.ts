/** A picture: when its frames were taken, how they are played, how large a pixel is, and how grey values are drawn. */
import { describe, expect, it } from "vitest";
import { wordsIn } from "../words/words";
import { Cine, frameAt, frameTimesOf, rateOf } from "./cine";
import type { DataSet } from "./dataSet";
import { type Deep, extentOf, type Picture, pictureOf, rangeOf, unfitText, valuesOfSamples } from "./picture";
import { lengthOf, scaleOf } from "./scale";

const ds = (...values: readonly unknown[]) => ({ vr: "DS", Value: values });
const points = (tag: string) => ({ "00280009": { vr: "AT", Value: [tag] } });
const FRAME_TIME = "00181063";
const VECTOR = "00181065";

describe("frame times", () => {
  it.each<[string, DataSet, "vector" | "constant" | "assumed", readonly number[], number]>([
    ["a frame time", { [FRAME_TIME]: ds(76), ...points(FRAME_TIME) }, "constant", [0, 76, 152], 228],
    ["a frame time that is text", { [FRAME_TIME]: ds("40.0") }, "constant", [0, 40, 80], 120],
    ["a vector", { [VECTOR]: ds(0, 30, 50), ...points(VECTOR) }, "vector", [0, 30, 80], 120],
    [
      "a vector beside a frame time that counts",
      { [VECTOR]: ds(0, 30, 50), [FRAME_TIME]: ds(20), ...points(FRAME_TIME) },
      "constant",
      [0, 20, 40],
      60,
    ],
    [
      "a vector that counts beside a frame time",
      { [VECTOR]: ds(0, 30, 50), [FRAME_TIME]: ds(20), ...points(VECTOR) },
      "vector",
      [0, 30, 80],
      120,
    ],
    ["a vector that is too short", { [VECTOR]: ds(0, 30), ...points(VECTOR) }, "vector", [0, 30, 60], 90],
    ["a vector with what cannot be", { [VECTOR]: ds(0, -5, 30), ...points(VECTOR) }, "vector", [0, 30, 60], 90],
    [
      "a vector of nothing, and a rate",
      { [VECTOR]: ds(0, 0, 0), "00180040": ds(25), ...points(VECTOR) },
      "constant",
      [0, 40, 80],
      120,
    ],
    ["a cine rate", { "00180040": ds(50) }, "constant", [0, 20, 40], 60],
    [
      "a frame time of 0, and a recommended rate",
      { [FRAME_TIME]: ds(0), "00082144": ds(10) },
      "constant",
      [0, 100, 200],
      300,
    ],
    ["a rate of 0", { "00180040": ds(0) }, "assumed", [0, 1000 / 30, 2000 / 30], 100],
    ["nothing", {}, "assumed", [0, 1000 / 30, 2000 / 30], 100],
  ])("from %s", (_, dataSet, source, starts, total) => {
    const times = frameTimesOf(dataSet, 3);
    expect(times.source).toBe(source);
    expect(times.starts).toEqual(starts);
    expect(times.total).toBeCloseTo(total);
  });

  it("say which frame is seen", () => {
    const times = frameTimesOf({ [VECTOR]: ds(0, 30, 50), ...points(VECTOR) }, 3);
    expect([0, 29.9, 30, 79, 80, 119, 5000].map((ms) => frameAt(times, ms))).toEqual([0, 0, 1, 1, 2, 2, 2]);
    expect(rateOf(times)).toBe(25);
  });

  it("of a picture that stands alone are none", () =>
    expect(frameTimesOf({}, 1)).toMatchObject({ starts: [0], total: 0 }));
});

/** Plays for `ms` at so many pictures a second of the browser. */
function play(cine: Cine, ms: number, every = 1000 / 60, from = 0): void {
  for (let now = from; now <= from + ms; now += every) {
    cine.tick(now);
  }
}

function screen(isLoaded: (frame: number) => boolean = () => true, isBusy: () => boolean = () => false) {
  const shown: number[] = [];
  return { shown, isLoaded, isBusy, show: (frame: number) => void shown.push(frame) };
}

describe("a cine", () => {
  const times = frameTimesOf({ [FRAME_TIME]: ds(40) }, 10);
  it("shows every frame at its time, around and around", () => {
    const on = screen();
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    play(cine, 1030);
    expect(on.shown.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]);
    expect(on.shown).toHaveLength(25);
  });
  it.each([
    [0.5, 12],
    [2, 50],
  ])("at speed %f shows %i in a second", (speed, count) => {
    const on = screen();
    const cine = new Cine(times, on);
    cine.setSpeed(speed);
    cine.setPlaying(true);
    play(cine, 1010, 5);
    expect(on.shown.length).toBe(count);
  });
  it("keeps each frame as long as its own vector says", () => {
    const on = screen();
    const cine = new Cine(frameTimesOf({ [VECTOR]: ds(0, 100, 500), ...points(VECTOR) }, 3), on);
    cine.setPlaying(true);
    play(cine, 590, 10);
    expect(on.shown).toEqual([1]);
    play(cine, 20, 10, 600);
    expect(on.shown).toEqual([1, 2]);
  });
  it("waits for a frame that has not come, and leaves none out for it", () => {
    let there = 2;
    const on = screen((frame) => frame <= there);
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    play(cine, 1000);
    expect(on.shown).toEqual([1, 2]);
    there = 9;
    play(cine, 100, 1000 / 60, 1000);
    expect(on.shown.slice(0, 4)).toEqual([1, 2, 3, 4]);
  });
  it("leaves frames out where the screen is slower, and keeps the time", () => {
    const on = screen();
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    play(cine, 1000, 100);
    expect(on.shown).toEqual([2, 5, 7, 0, 2, 5, 7, 0, 2, 5]);
  });
  it("keeps the time while a frame is being drawn", () => {
    let calls = 0;
    const on = screen(
      () => true,
      () => ++calls % 4 !== 0,
    );
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    play(cine, 990, 30);
    expect(on.shown).toEqual([3, 6, 9, 2, 5, 8, 1, 4]);
  });
  it("does not leap after the browser slept", () => {
    const on = screen();
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    cine.tick(0);
    cine.tick(60_000);
    expect(on.shown).toEqual([6]);
  });
  it("steps and scrubs standing still, and around the ends", () => {
    const on = screen();
    const cine = new Cine(times, on);
    cine.setPlaying(true);
    cine.step(-1);
    expect(cine.state).toMatchObject({ frame: 9, playing: false });
    cine.step(1);
    cine.goTo(99);
    cine.goTo(4.4);
    expect(on.shown).toEqual([9, 0, 9, 4]);
    play(cine, 500);
    expect(on.shown).toHaveLength(4);
    cine.setPlaying(true);
    play(cine, 50, 10, 5000);
    expect(cine.state.frame).toBe(5);
  });
  it("of one frame does not play", () => {
    const cine = new Cine(frameTimesOf({}, 1), screen());
    cine.setPlaying(true);
    expect(cine.state.playing).toBe(false);
    expect(cine.tick(0)).toBe(false);
  });
});

interface Written {
  readonly box: readonly [number, number, number, number];
  readonly cm?: number | readonly [number, number];
  readonly units?: number;
  readonly format?: number;
  readonly type?: number;
}

const region = ({ box, cm = 0.01, units = 3, format = 1, type = 1 }: Written): DataSet => {
  const [x, y] = typeof cm === "number" ? [cm, cm] : cm;
  const us = (value: number) => ({ vr: "US", Value: [value] });
  return {
    "00186012": us(format),
    "00186014": us(type),
    "00186018": us(box[0]),
    "0018601A": us(box[1]),
    "0018601C": us(box[2]),
    "0018601E": us(box[3]),
    "00186024": us(units),
    "00186026": us(units),
    "0018602C": { vr: "FD", Value: [x] },
    "0018602E": { vr: "FD", Value: [y] },
  };
};
const regions = (...all: readonly Written[]) => scaleOf({ "00186011": { vr: "SQ", Value: all.map(region) } }, 640, 480);
const at = (x: number, y: number) => ({ x, y });

describe("a length", () => {
  const one = regions({ box: [100, 50, 500, 450] });
  it("inside a calibrated region is in millimetres", () => {
    expect(lengthOf(one, at(200, 100), at(300, 100))).toEqual({ unit: "mm", value: 10, from: "patient" });
    expect(lengthOf(one, at(100, 50), at(100, 450))).toMatchObject({ unit: "mm", value: 40 });
  });
  it("that leaves it is in pixels, and says why", () => {
    expect(lengthOf(one, at(200, 100), at(200, 20))).toEqual({ unit: "px", value: 80, because: "outside" });
    expect(lengthOf(one, at(99, 100), at(90, 100))).toMatchObject({ unit: "px", because: "outside" });
  });
  it("has the scale of each direction, whichever way it runs", () => {
    const scale = regions({ box: [0, 0, 639, 479], cm: [0.01, -0.02] });
    expect(lengthOf(scale, at(10, 10), at(40, 30))).toMatchObject({ unit: "mm", value: 5 });
  });
  it("between two pictures beside each other is in pixels, though they have one scale", () => {
    const two = regions({ box: [0, 0, 319, 479] }, { box: [320, 0, 639, 479] });
    expect(lengthOf(two, at(300, 100), at(340, 100))).toMatchObject({ unit: "px", because: "between" });
    expect(lengthOf(two, at(330, 100), at(430, 100))).toMatchObject({ unit: "mm", value: 10 });
  });
  it("from the picture into its colour box is in millimetres, if both have one scale", () => {
    const box = { box: [200, 100, 400, 300], type: 2 } as const;
    expect(lengthOf(regions({ box: [100, 50, 500, 450] }, box), at(150, 200), at(250, 200))).toMatchObject({
      unit: "mm",
    });
    const other = regions({ box: [100, 50, 500, 450] }, { ...box, cm: 0.02 });
    expect(lengthOf(other, at(150, 200), at(250, 200))).toMatchObject({ unit: "px", because: "between" });
  });
  it("over a strip or a bar in the picture is in pixels", () => {
    for (const what of [{ format: 2 }, { type: 13, format: 0, units: 0, cm: 0 }, { units: 4 }]) {
      const scale = regions({ box: [0, 0, 639, 479] }, { box: [32, 40, 63, 103], ...what });
      expect(lengthOf(scale, at(40, 50), at(50, 50)), JSON.stringify(what)).toMatchObject({
        unit: "px",
        because: "outside",
      });
      expect(lengthOf(scale, at(80, 50), at(90, 50))).toMatchObject({ unit: "mm" });
    }
  });
  it.each<[string, Written]>([
    ["of no size", { box: [0, 0, 639, 479], cm: 0 }],
    ["in seconds", { box: [0, 0, 639, 479], units: 4 }],
    ["that reaches beyond the picture", { box: [0, 0, 800, 600] }],
    ["that is no rectangle", { box: [300, 0, 200, 479] }],
  ])("with a region %s only is in pixels", (_, written) => {
    expect(lengthOf(regions(written), at(10, 10), at(20, 10))).toEqual({ unit: "px", value: 10, because: "none" });
  });
  it("believes Pixel Spacing where it is a size in the patient only", () => {
    const spacing = (modality: string, sopClass: string, more: DataSet = {}): string => {
      const dataSet = {
        "00280030": ds(0.5, 0.25),
        "00080060": { vr: "CS", Value: [modality] },
        "00080016": { vr: "UI", Value: [sopClass] },
        ...more,
      };
      const length = lengthOf(scaleOf(dataSet, 640, 480), at(0, 0), at(40, 0));
      return `${length.value} ${length.unit}`;
    };
    expect(spacing("CT", "1.2.840.10008.5.1.4.1.1.2")).toBe("10 mm");
    expect(spacing("OT", "1.2.840.10008.5.1.4.1.1.7")).toBe("10 mm");
    expect(spacing("US", "1.2.840.10008.5.1.4.1.1.6.1")).toBe("40 px");
    expect(spacing("MG", "1.2.840.10008.5.1.4.1.1.1.2")).toBe("40 px");
    expect(spacing("MG", "1.2.840.10008.5.1.4.1.1.1.2", { "00280A02": ds("FIDUCIAL") })).toBe("10 mm");
  });
  it.each<[string, DataSet, string]>([
    ["at the detector", { "00181164": ds(0.1, 0.05) }, "2 mm detector"],
    [
      "with what the machine says of magnification",
      { "00181164": ds(0.1, 0.05), "00181114": ds(1.25) },
      "1.6 mm magnified",
    ],
    ["without a magnification that cannot be", { "00181164": ds(0.1, 0.05), "00181114": ds(0.5) }, "2 mm detector"],
    [
      "though a spacing stands there that says not of what",
      { "00181164": ds(0.1, 0.05), "00280030": ds(0.2, 0.2) },
      "2 mm detector",
    ],
    [
      "in the patient where that is calibrated",
      { "00181164": ds(0.1, 0.05), "00280030": ds(0.2, 0.25), "00280A02": ds("FIDUCIAL") },
      "10 mm patient",
    ],
    ["in pixels without a size of the detector's", { "00181164": ds(0, 0) }, "40 px none"],
    ["in pixels without any", {}, "40 px none"],
  ])("of a projection is %s", (_, more, expected) => {
    const dataSet = {
      "00080060": { vr: "CS", Value: ["MG"] },
      "00080016": { vr: "UI", Value: ["1.2.840.10008.5.1.4.1.1.1.2"] },
      ...more,
    };
    const length = lengthOf(scaleOf(dataSet, 4728, 5928), at(0, 0), at(40, 0));
    expect(`${length.value} ${length.unit} ${length.unit === "mm" ? length.from : length.because}`).toBe(expected);
  });
});

const grey = (more: DataSet = {}): DataSet => ({
  "00280010": ds(2),
  "00280011": ds(2),
  "00280004": { vr: "CS", Value: ["MONOCHROME1"] },
  "00280100": ds(16),
  "00280101": ds(12),
  "00281050": ds(2048, 1000),
  "00281051": ds(4096, 500),
  ...more,
});
const shown = (dataSet: DataSet, there = 1): Picture => {
  const read = pictureOf(dataSet, there);
  if ("unfit" in read) {
    throw new Error(`it is unfit: ${read.unfit}`);
  }
  return read;
};

describe("what a file says of its own size", () => {
  const cine = (said: unknown, more: DataSet = {}) => grey({ "00280008": { vr: "IS", Value: [said] }, ...more });
  it.each<[unknown, number, number, number | null]>([
    [7, 7, 7, null],
    [0, 1, 1, null],
    [-3, 1, 1, null],
    ["2.5", 40, 2, null],
    [300_000_000, 1, 1, 300_000_000],
    [2 ** 31 - 1, 40, 40, 2 ** 31 - 1],
    [999_999_999_999, 1, 1, 999_999_999_999],
    [200_000, 200_000, 200_000, null],
  ])("is believed as far as the node has counted: %s frames, where there are %i", (said, there, frames, doubted) => {
    const vector = { [VECTOR]: ds(0, 30, 50), ...points(VECTOR) };
    for (const more of [{}, vector]) {
      const picture = shown(cine(said, more), there);
      expect([picture.frames, picture.times.starts.length, picture.framesSaid]).toEqual([frames, frames, doubted]);
    }
  });
  it.each<[string, DataSet, number, object, string, string]>([
    ["nothing", {}, 1, { unfit: "nothing" }, "has no picture", "没有图像"],
    ["rows alone", { "00280010": ds(2) }, 1, { unfit: "nothing" }, "has no picture", "没有图像"],
    [
      "more frames than anybody looks at",
      cine(300_000_000),
      300_000_000,
      { unfit: "frames", said: 300_000_000, most: 200_000 },
      "300,000,000 frames, and at most 200,000",
      "有 300,000,000 帧，此处最多显示 200,000 帧",
    ],
    [
      "a picture of 65,535 × 65,535",
      grey({ "00280010": ds(65_535), "00280011": ds(65_535) }),
      1,
      { unfit: "pixels", said: 4_294_836_225, most: 48_000_000 },
      "4,294,836,225 pixels, and at most 48,000,000",
      "4,294,836,225 像素，最多可为 48,000,000 像素",
    ],
    [
      "one that is too long for a screen",
      grey({ "00280010": ds(20), "00280011": ds(9000) }),
      1,
      { unfit: "side", said: 9000, most: 8192 },
      "a side of it has 9,000 pixels",
      "一边有 9,000 像素",
    ],
    [
      "a coloured one that would be none too large in grey",
      grey({ "00280010": ds(5000), "00280011": ds(4000), "00280004": { vr: "CS", Value: ["RGB"] } }),
      1,
      { unfit: "pixels", said: 20_000_000, most: 16_000_000 },
      "16,000,000",
      "16,000,000",
    ],
  ])("is no picture: %s", (_what, dataSet, there, expected, english, chinese) => {
    const read = pictureOf(dataSet, there);
    expect(read).toEqual(expected);
    if ("unfit" in read) {
      expect(unfitText(read, wordsIn("en"))).toContain(english);
      expect(unfitText(read, wordsIn("zh"))).toContain(chinese);
    }
  });
  it("has no more regions than the program reads", () => {
    const many = Array.from({ length: 5000 }, () => ({ box: [0, 0, 100, 100] }) as const);
    const scale = regions(...many);
    expect(scale.kind === "regions" && scale.regions.length).toBe(64);
  });
});

describe("grey values", () => {
  it("of more than eight bits are drawn here, through the file's first window", () => {
    expect(shown(grey())).toMatchObject({
      grey: true,
      deep: { inverted: true, signed: false, window: { centre: 2048, width: 4096 } },
    });
    expect(shown(grey({ "00281051": ds(0) })).deep?.window).toBeNull();
  });
  it.each<[string, DataSet]>([
    ["eight bits", { "00280100": ds(8), "00280101": ds(8) }],
    ["colours", { "00280004": { vr: "CS", Value: ["RGB"] } }],
    ["a table of values", { "00283010": { vr: "SQ", Value: [{}] } }],
    ["values of each frame", { "52009229": { vr: "SQ", Value: [{}] } }],
  ])("%s are the node's to draw", (_, more) => expect(shown(grey(more)).deep).toBeNull());
  it("go through slope and intercept, with their sign", () => {
    const bytes = new Int16Array([-2, 0, 3, 7]).buffer;
    const deep: Deep = { signed: true, slope: 1, intercept: 0, inverted: false, window: null };
    expect([...valuesOfSamples(bytes, deep, 4)]).toEqual([-2, 0, 3, 7]);
    expect([...valuesOfSamples(bytes, { ...deep, slope: 2, intercept: -1 }, 4)]).toEqual([-5, -1, 5, 13]);
    expect([...valuesOfSamples(bytes, { ...deep, signed: false }, 4)][0]).toBe(65534);
    expect(extentOf([-5, -1, 5, 13])).toEqual([-5, 13]);
    expect(() => valuesOfSamples(bytes, deep, 5)).toThrow(RangeError);
  });
  it("are shown between the ends of a window (LINEAR)", () => {
    expect(rangeOf({ centre: 128, width: 256 })).toEqual({ lower: 0, upper: 255 });
    expect(rangeOf({ centre: 2048, width: 4096 })).toEqual({ lower: 0, upper: 4095 });
  });
});
