/** When each frame of a cine was taken (PS3.3 §C.7.6.5), and a clock that plays them at those times. */
import { type DataSet, numberOf, numbersOf, textsOf } from "./dataSet";

const FRAME_TIME = "00181063";
const FRAME_TIME_VECTOR = "00181065";
const FRAME_INCREMENT_POINTER = "00280009";
const CINE_RATE = "00180040";
const RECOMMENDED_RATE = "00082144";
/** The rate where the file has none that can be right; the same as the program assumes for its analysis. */
const ASSUMED_MS = 1000 / 30;
/** The longest believable time between two frames. */
const LONGEST_MS = 60_000;

export interface FrameTimes {
  /** When each frame begins, ms after the first. */
  readonly starts: readonly number[];
  /** When the last one ends, ms; 0 for a picture that stands alone. */
  readonly total: number;
  readonly source: "vector" | "constant" | "assumed";
}

/** The times of `frames` frames. Frame Increment Pointer says which attribute counts; without it the first that can be right. */
export function frameTimesOf(dataSet: DataSet, frames: number): FrameTimes {
  const believable = (ms: number | null): ms is number => ms !== null && ms > 0 && ms <= LONGEST_MS;
  const rate = (tag: string): number | null => {
    const value = numberOf(dataSet, tag);
    return value === null ? null : 1000 / value;
  };
  const constant = [numberOf(dataSet, FRAME_TIME), rate(CINE_RATE), rate(RECOMMENDED_RATE)].find(believable);
  const vectorCounts = textsOf(dataSet, FRAME_INCREMENT_POINTER).includes(FRAME_TIME_VECTOR) || constant === undefined;
  // Each value is the time since the frame before; the first is 0 (§C.7.6.5.1.2).
  const steps = vectorCounts ? numbersOf(dataSet, FRAME_TIME_VECTOR).slice(1, frames) : [];
  const right = steps.filter(believable);
  if (right.length > 0) {
    const usual = right.reduce((sum, ms) => sum + ms, 0) / right.length;
    const starts = [0];
    for (let at = 1; at < frames; at += 1) {
      const step = steps[at - 1];
      const isRight = step !== undefined && (step === 0 || believable(step));
      starts.push((starts[at - 1] ?? 0) + (isRight ? step : usual));
    }
    return { starts, total: (starts.at(-1) ?? 0) + (frames > 1 ? usual : 0), source: "vector" };
  }
  const step = constant ?? ASSUMED_MS;
  return {
    starts: Array.from({ length: frames }, (_, at) => at * step),
    total: frames > 1 ? frames * step : 0,
    source: constant === undefined ? "assumed" : "constant",
  };
}

/** Frames a second, on average. */
export const rateOf = ({ starts, total }: FrameTimes): number => (total > 0 ? (1000 * starts.length) / total : 0);

/** The frame that is to be seen so many ms after the beginning: the last that has begun. */
export function frameAt({ starts }: FrameTimes, ms: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= ms) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2] as const;

/** A pause between two calls beyond this one is the browser's, not the cine's, ms. */
const LONGEST_PAUSE_MS = 250;

export interface CineState {
  readonly frame: number;
  readonly playing: boolean;
  readonly speed: number;
}

/** What shows the frames. */
export interface Screen {
  /** Whether a frame has arrived. */
  readonly isLoaded: (frame: number) => boolean;
  /** Whether the frame before is still being drawn. */
  readonly isBusy: () => boolean;
  readonly show: (frame: number) => void;
}

/**
 * Plays frames at their own times, over and over. Where the screen is slower than the frames, some are left out and the time is kept; where a frame
 * has not arrived, time stands still, so that nothing is skipped for the network's sake.
 */
export class Cine {
  #state: CineState = { frame: 0, playing: false, speed: 1 };
  #position = 0;
  #before: number | null = null;

  constructor(
    readonly times: FrameTimes,
    readonly screen: Screen,
  ) {}

  get state(): CineState {
    return this.#state;
  }

  get count(): number {
    return this.times.starts.length;
  }

  setPlaying(playing: boolean): void {
    this.#state = { ...this.#state, playing: playing && this.count > 1 };
    this.#before = null;
  }

  setSpeed(speed: number): void {
    this.#state = { ...this.#state, speed };
  }

  /** Goes to a frame and stays there. */
  goTo(frame: number): void {
    const within = Math.min(Math.max(Math.round(frame), 0), this.count - 1);
    this.#position = this.times.starts[within] ?? 0;
    this.#state = { ...this.#state, playing: false, frame: within };
    this.screen.show(within);
  }

  /** So many frames on, or back; at the ends it goes around. */
  step(by: number): void {
    this.goTo((((this.#state.frame + by) % this.count) + this.count) % this.count);
  }

  /** Says what time it is, ms; called for each picture that the browser shows. Answers whether another frame is shown. */
  tick(now: number): boolean {
    if (!this.#state.playing) {
      return false;
    }
    const passed = this.#before === null ? 0 : Math.min(now - this.#before, LONGEST_PAUSE_MS);
    this.#before = now;
    const position = (this.#position + passed * this.#state.speed) % this.times.total;
    const frame = frameAt(this.times, position);
    if (frame === this.#state.frame) {
      this.#position = position;
      return false;
    }
    if (!this.screen.isLoaded(frame)) {
      return false;
    }
    this.#position = position;
    if (this.screen.isBusy()) {
      return false;
    }
    this.#state = { ...this.#state, frame };
    this.screen.show(frame);
    return true;
  }
}
