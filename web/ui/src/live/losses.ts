/** Whether the page or the program falls behind the source. */

interface Sample {
  readonly at: number;
  readonly frame: number;
  readonly dropped: number;
}

const WINDOW_MS = 10_000;
/** Too short a time says nothing: starting up always skips a few. */
const LEAST_MS = 4_000;
/** A page that drew nothing for so long was hidden or had nothing to draw: what it skipped then is no loss. */
const HIDDEN_AFTER_MS = 1_000;
/** From this share of the source's frames on, it is said. */
export const TOLERATED = 0.05;

/** Counts losses over the last ten seconds. */
export class Losses {
  private samples: Sample[] = [];

  forget(): void {
    this.samples = [];
  }

  /** Takes the counters of a frame; the share of frames lost in the window, `null` while it is too short to tell. */
  take(sample: Sample): number | null {
    const last = this.samples.at(-1);
    const begunAnew = last && (sample.frame < last.frame || sample.dropped < last.dropped);
    if (begunAnew || (last && sample.at - last.at > HIDDEN_AFTER_MS)) {
      this.forget();
    }
    this.samples.push(sample);
    while (this.samples.length > 1 && sample.at - (this.samples[0]?.at ?? 0) > WINDOW_MS) {
      this.samples.shift();
    }
    const first = this.samples[0] ?? sample;
    const frames = sample.frame - first.frame;
    return sample.at - first.at < LEAST_MS || frames < 1
      ? null
      : Math.min(1, (sample.dropped - first.dropped) / frames);
  }
}
