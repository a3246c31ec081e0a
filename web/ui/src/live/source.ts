/** What the top bar calls the source of the frames. */
import type { Source } from "../api/wire";
import type { WordKey, Words } from "../words/words";

/** The program's own words for a source; what is left are names of standards, which read alike in every language. */
const NAMES: Readonly<Record<string, WordKey>> = {
  "virtual transducer": "source_phantom",
  recording: "source_replay",
  capture: "source_capture",
};

export function sourceName({ name }: Pick<Source, "name">, say: Words["say"]): string {
  const known = NAMES[name];
  return known ? say(known) : name;
}

/** Whether the frames are what a page captures. */
export function isCaptured(source: Pick<Source, "kind"> | null | undefined): boolean {
  return source?.kind === "capture";
}

/** Whether the program makes or plays the frames itself: they have an end, and nothing outside keeps them back. */
export function isPlayed(source: Pick<Source, "kind"> | null | undefined): boolean {
  return source?.kind === "phantom" || source?.kind === "replay";
}

/** Whether the program fetches the frames from a device. */
export function isDevice(source: Pick<Source, "kind"> | null | undefined): boolean {
  return source?.kind === "device";
}
