/** The scan rests while its report is read, and goes on when its page is shown again, whichever way led back to it. */
import type { PageName } from "../route";

export class Rest {
  private reportWasRead = false;

  /** Which page is shown, and whether its examination is there to be told. Whether it is to go on now: once for each way back. */
  goesOn(page: PageName, ready: boolean): boolean {
    if (page === "report") {
      this.reportWasRead = true;
    }
    const goesOn = page === "live" && ready && this.reportWasRead;
    if (goesOn) {
      this.reportWasRead = false;
    }
    return goesOn;
  }
}
