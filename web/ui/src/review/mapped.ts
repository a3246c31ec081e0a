/** The report as the breast map has it. */
import type { Report, Side } from "../exam/api";
import { placeOf } from "../exam/field";
import type { MapLesion } from "../map/BreastMap";

export function mapLesions(report: Report, current: number | null): readonly MapLesion[] {
  return report.lesions
    .filter(({ dismissed }) => !dismissed)
    .map((lesion) => ({ letter: lesion.letter, place: placeOf(lesion), current: lesion.lesion === current }));
}

export function coverageOf({ breasts }: Report): Readonly<Partial<Record<Side, number | null>>> {
  return Object.fromEntries(breasts.map(({ side, coverage }) => [side, coverage]));
}
