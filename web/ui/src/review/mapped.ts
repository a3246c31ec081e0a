/** The report as the breast map has it. */
import type { Report, Side } from "../exam/api";
import { placeOf } from "../exam/field";
import type { MapLesion } from "../map/BreastMap";

export function mapLesions(report: Report, current: number | null): readonly MapLesion[] {
  return report.lesions
    .filter(({ dismissed }) => !dismissed)
    .map((lesion) => ({ letter: lesion.letter, place: placeOf(lesion), current: lesion.lesion === current }));
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
