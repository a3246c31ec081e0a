/** Numbers as people read them. Values come in unrounded; what is shown follows one rule everywhere. */
import type { Interval, Size, TrackVolume } from "../api/wire";

export type Language = "en" | "zh";

/** Stands for a value that is unknown or was not measured. */
export const NONE = "–";

/** Narrow no-break space: English sets it before % and units; it never breaks. */
const NARROW = "\u202f";
/** Below this many millimetres a tenth is shown. */
const TENTHS_BELOW_MM = 5;
/** An interval wider than this says nothing that a figure would be fair to. */
const UNSURE_WIDTH = 0.4;

/** Rounds half away from zero to so many decimals; 0.5 + 1 ulp errors of decimal fractions count as halves. */
export function roundHalfAway(value: number, decimals = 0): number {
  const scale = 10 ** decimals;
  const scaled = Math.abs(value) * scale;
  return (Math.sign(value) * Math.floor(scaled + 0.5 + scaled * Number.EPSILON * 4)) / scale;
}

/** Whole millimetres, tenths below 5 mm; without the unit. */
export function millimetres(value: number): string {
  const tenths = roundHalfAway(value, 1);
  return Math.abs(tenths) < TENTHS_BELOW_MM ? tenths.toFixed(1) : roundHalfAway(value).toFixed(0);
}

/** `10 × 9 mm`, or `174 × 158 px` where the scale is unknown; `null` where it was not measured. */
export function sizeText(sizes: { size_mm: Size | null; size_px: Size | null }): string | null {
  if (sizes.size_mm) {
    return `${millimetres(sizes.size_mm.long)} × ${millimetres(sizes.size_mm.short)}${NARROW}mm`;
  }
  if (sizes.size_px) {
    return `${roundHalfAway(sizes.size_px.long)} × ${roundHalfAway(sizes.size_px.short)}${NARROW}px`;
  }
  return null;
}

/** The simulated third axis, `≈10 ± 2`, in millimetres without the unit. Its error is the volume's relative error. */
export function thirdAxis({ along_mm, relative_error }: Pick<TrackVolume, "along_mm" | "relative_error">): string {
  return `≈${withError(along_mm, along_mm * relative_error)}`;
}

/** `10 ± 2`, in millimetres without the unit: both are rounded as the extent is, and no error is nothing. */
export function withError(extent: number, error: number): string {
  const decimals = roundHalfAway(extent, 1) < TENTHS_BELOW_MM ? 1 : 0;
  return `${millimetres(extent)} ± ${Math.max(roundHalfAway(error, decimals), 10 ** -decimals).toFixed(decimals)}`;
}

/** Whole percent, never 0 or 100: `<1`, `62`, `>99`. */
export function probability(value: number): string {
  const percent = roundHalfAway(value * 100);
  return percent < 1 ? "<1" : percent > 99 ? ">99" : percent.toFixed(0);
}

/** `62 %` in English, `62%` in Chinese. */
export function percent(digits: string, language: Language): string {
  return language === "zh" ? `${digits}%` : `${digits}${NARROW}%`;
}

/** `48–75`, in percent without the sign. */
export function intervalText([low, high]: Interval): string {
  const [from, to] = [probability(low), probability(high)];
  return from === to ? from : `${from}–${to}`;
}

/** Whether the interval is too wide for a figure. */
export function isUnsure(interval: Interval | null): boolean {
  return interval !== null && interval[1] - interval[0] > UNSURE_WIDTH;
}

/** Cubic centimetres to two significant digits: `0.50`, `1.3`, `120`. */
export function cubicCentimetres(value: number): string {
  if (!(value > 0)) {
    return "0";
  }
  const decimals = 1 - Math.floor(Math.log10(value));
  const rounded = roundHalfAway(value, decimals);
  // Rounding may have gained a digit: 0.0996 is 0.10.
  return rounded.toFixed(Math.max(1 - Math.floor(Math.log10(rounded)), 0));
}

/** Minutes and seconds, `06:42`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

/** A figure of a quality fault with its unit: `24 mm/s`, `0.31`. */
export function figure(value: number, unit: string | null): string {
  const digits = Math.abs(value) >= 10 ? roundHalfAway(value).toFixed(0) : String(roundHalfAway(value, 2));
  return unit === null ? digits : `${digits}${NARROW}${unit}`;
}
