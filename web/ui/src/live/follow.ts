/** Where a list of lines stands so that some of them are seen. */

/** What is seen of the lines: from where on, and how much. */
export interface Window {
  readonly top: number;
  readonly height: number;
}

/** Some lines, from the beginning of all. */
export interface Lines {
  readonly from: number;
  readonly to: number;
}

/** The last line that is seen fades out over so much. */
const FADES = 12;

/** From where on to show the lines, so that these are among them; `null` where they are. */
export function following(window: Window, { from, to }: Lines): number | null {
  const end = to + FADES;
  if (from >= window.top && end <= window.top + window.height) {
    return null;
  }
  // Lines that do not fit are read from their beginning.
  return from < window.top || end - from > window.height ? from : end - window.height;
}
