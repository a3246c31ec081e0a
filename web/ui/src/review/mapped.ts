/** The report as the breast map has it. */
import type { Report, Side } from "../exam/api";
import { placeOf } from "../exam/field";
import type { MapLesion, Strip } from "../map/BreastMap";
import { onMap } from "../map/geometry";

/** As wide as a linear transducer to either side, and as far along as a place holds that was said. */
const ACROSS_MM = 20;
const ALONG_MM = 15;

export function mapLesions(report: Report, current: number | null): readonly MapLesion[] {
  return report.lesions
    .filter(({ dismissed }) => !dismissed)
    .map((lesion) => ({ letter: lesion.letter, place: placeOf(lesion), current: lesion.lesion === current }));
}

/** Around each place that was said, what was scanned of it before the probe went on. */
export function scannedStrips({ breasts }: Report): readonly Strip[] {
  return breasts.flatMap(({ side, scanned_at = [] }) =>
    scanned_at.flatMap(({ place: { clock, from_nipple_mm } }) => {
      if (clock === null || from_nipple_mm === null) {
        return [];
      }
      const [x, y] = onMap(clock, from_nipple_mm);
      return [{ side, x_mm: [x - ACROSS_MM, x + ACROSS_MM], y_mm: [y - ALONG_MM, y + ALONG_MM] } as const];
    }),
  );
}

export type HoursNamed = Readonly<Partial<Record<Side, number>>>;

/**
 * At how many of the twelve hours of each breast a person said that the probe stood. It is what was named and not what was measured,
 * so no page makes a percentage of it. A breast of which no hour was named is left out.
 */
export function hoursNamed({ breasts }: Report): HoursNamed {
  const said = breasts.filter(({ coverage }) => coverage !== null);
  return Object.fromEntries(said.map(({ side, coverage }) => [side, Math.round((coverage ?? 0) * 12)]));
}
