/** The sources among which a new examination has its choice. */
import type { UsualSource } from "../exam/api";
import { isCaptured } from "../live/source";

/** `usual`: the one with which the program was started. */
export type SourceChoice = "capture" | "phantom" | "usual";

interface Sources {
  readonly choices: readonly SourceChoice[];
  /** What is chosen before anybody has said anything. */
  readonly first: SourceChoice;
}

/**
 * Who starts the program with a source of its own means that one. Where its own is what a page captures, it is no choice beside that;
 * where it does not say what its own is (`null`), all are offered.
 */
export function sourcesFor(usual: UsualSource | null): Sources {
  if (usual && !isCaptured(usual)) {
    return { choices: ["usual", "capture", "phantom"], first: "usual" };
  }
  return { choices: usual ? ["capture", "phantom"] : ["capture", "phantom", "usual"], first: "capture" };
}
