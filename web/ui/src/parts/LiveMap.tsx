import { memo } from "react";
import type { Place, ReportView } from "../exam/api";
import { placeOf } from "../exam/field";
import { BreastMap, type MapLesion } from "../map/BreastMap";
import { coverageOf } from "../review/mapped";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";

interface Props {
  /** The lesion that is talked about now. */
  readonly current: number | null;
  readonly view: ReportView;
  readonly probe: Place | null;
  readonly onOpen: () => void;
}

/** The map beside the picture: a press opens it at reading size. */
export const LiveMap = memo(function LiveMap({ current, view, probe, onOpen }: Props) {
  const { say } = useWords();
  return (
    <section className="panel live-map" aria-labelledby="map-head">
      <h2 className="head" id="map-head">
        {say("breast_map")} <span className="space" /> <KeyCap>M</KeyCap>
      </h2>
      <div className="map-open">
        <BreastMap lesions={liveLesions(view, current)} coverage={coverageOf(view.report)} probe={probe} />
        <button type="button" className="map-press" aria-label={say("open_map")} onClick={onOpen} />
      </div>
    </section>
  );
});

/** Every lesion of the report that is not struck out, the one we are talking about in pink. */
export function liveLesions({ report }: ReportView, current: number | null): readonly MapLesion[] {
  return report.lesions
    .filter(({ dismissed }) => !dismissed)
    .map((lesion) => ({ letter: lesion.letter, place: placeOf(lesion), current: lesion.lesion === current }));
}
