/** The third axis of a lesion on the live page: what the examination has of it, and what grows. */
import type { CalibrationRecord, TrackView, TrackVolume, Volume } from "../api/wire";
import { thirdText } from "../exam/format";
import { type Language, NONE, roundHalfAway, sizeText, thirdAxis, withError } from "../words/numbers";
import type { Words } from "../words/words";

/**
 * `whole`: the sweep has led over both ends, and the report says the same. `grows`: the lesion is in the picture and what was seen of it
 * so far is no size yet. `cut`: it has left before both ends were met. `none`: there is nothing.
 */
export type Growth = "whole" | "grows" | "cut" | "none";

export function growthOf(track: Pick<TrackView, "third" | "status">, solid: TrackVolume | undefined): Growth {
  if (track.third) {
    return "whole";
  }
  return solid ? (track.status === "left" ? "cut" : "grows") : "none";
}

/** What stands behind a figure that is not final. */
export const GROWS = "…";

type OfThird = Pick<TrackView, "third" | "status" | "size_mm" | "size_said">;

/**
 * `10 × 9 × ≈10 ± 2 mm sim`: a third axis that is simulated never without its error and the word; with a mark as long as it grows.
 * What a person said of the size stands as it was said.
 */
export function liveSize(track: TrackView, solid: TrackVolume | undefined, { say }: Pick<Words, "say">): string {
  const flat = sizeText(track);
  if (!flat || !track.size_mm) {
    return flat ?? say(track.size_said ? "not_assessed" : "no_size");
  }
  const third = thirdOf(track, solid);
  return third
    ? `${flat.replace("\u202fmm", "")} × ${third}\u202fmm${isSimulated(track) ? ` ${say("sim")}` : ""}`
    : flat;
}

/** `≈10 ± 2`, or `≈7 ± 1…` while it grows; `10` where a person measured it; `null` where there is none. */
export function thirdOf(track: OfThird, solid: TrackVolume | undefined): string | null {
  if (track.third && track.size_mm) {
    return `${isSimulated(track) ? "≈" : ""}${thirdText(track.third)}`;
  }
  return solid && !track.size_said && growthOf(track, solid) === "grows" ? `${thirdAxis(solid)}${GROWS}` : null;
}

/** Whether the length along the sweep is made from speckle: all but what a person measured. */
export const isSimulated = ({ third }: Pick<TrackView, "third">): boolean => third?.simulated ?? true;

/** How far the probe has gone, `≈227 ± 59 mm`, as the coronal view says it: simulated, and never without its error; a dash where that is unknown. */
export function pathText({ path_mm, calibration }: Pick<Volume, "path_mm" | "calibration">): string {
  return path_mm === null || !calibration
    ? NONE
    : `≈${withError(path_mm, path_mm * calibration.relative_error)}\u202fmm`;
}

/** On whose sweeps lengths along the way rest, `L12-5, Breast, 2026-11-02 · ±25%`; `null` where nobody measured the beam. */
export function calibrationText(
  { probe, preset, made, relative_error }: CalibrationRecord,
  language: Language,
): string | null {
  if (made === "") {
    return null;
  }
  const percent = `${roundHalfAway(relative_error * 100)}${language === "zh" ? "%" : "\u202f%"}`;
  return `${[probe, preset, made].filter((word) => word !== "").join(", ")} · ±${language === "zh" ? "" : "\u202f"}${percent}`;
}

/** What the third dimension rests on, or that there is none; `null` before anything was read. */
export function basisText(volume: Pick<Volume, "calibration" | "unfit">, { say, language }: Words): string | null {
  if (volume.calibration) {
    const by = calibrationText(volume.calibration, language);
    return by === null ? say("calibrated_transducer") : say("calibrated_by", { by });
  }
  switch (volume.unfit) {
    case "not_calibrated":
      return say("in_plane_only");
    case "scale_unknown":
      return say("in_plane_only_scale");
    default:
      return null;
  }
}
