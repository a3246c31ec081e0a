/** When a picture was taken, by the page's clock. */

/** Farther apart than this the device's times are not those of this clock. */
const APART_US = 1_000_000;

/**
 * The browser times the frames of a device better than their arrival does, but from a moment of its own. The first frame
 * ties the two clocks; they are tied anew where the device begins anew or its times leap. Never falls.
 */
export class Stamps {
  private offsetUs: number | null = null;
  private lastUs = 0;

  /** Microseconds since 1970. `deviceUs` is the frame's own time, where it has one. */
  of(deviceUs: number | null, nowUs: number): number {
    const tied = deviceUs !== null && this.offsetUs !== null ? deviceUs + this.offsetUs : null;
    const fits = tied !== null && Math.abs(tied - nowUs) <= APART_US;
    if (!fits && deviceUs !== null) {
      this.offsetUs = nowUs - deviceUs;
    }
    this.lastUs = Math.max(this.lastUs, fits ? tied : nowUs);
    return this.lastUs;
  }

  /** Another device, or the same anew. */
  untie(): void {
    this.offsetUs = null;
  }
}
