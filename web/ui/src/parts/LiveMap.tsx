import { memo, type ReactNode } from "react";
import type { Place, ReportView } from "../exam/api";
import { placeOf } from "../exam/field";
import { BreastMap, type MapLesion } from "../map/BreastMap";
import { hoursNamed, scannedStrips } from "../review/mapped";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";

interface Props {
  /** The lesion that is talked about now. */
  readonly current: number | null;
  readonly view: ReportView;
  readonly probe: Place | null;
  /** What is asked of the place: it stands in the place of the heading, and the map stays as large. */
  readonly question: ReactNode;
  readonly onOpen: () => void;
}

/** The map beside the picture: a press opens it at reading size. */
export const LiveMap = memo(function LiveMap({ current, view, probe, question, onOpen }: Props) {
  const { say } = useWords();
  const named = hoursNamed(view.report);
  return (
    <section className={question ? "panel live-map asked" : "panel live-map"} aria-labelledby="map-head">
      <h2 className="head" id="map-head">
        {say("breast_map")} <span className="space" /> <KeyCap>M</KeyCap>
      </h2>
      {question}
      <div className="map-open">
        <BreastMap
          lesions={liveLesions(view, current)}
          named={named}
          strips={scannedStrips(view.report)}
          probe={probe}
        />
        <button type="button" className="map-press" aria-label={say("open_map")} onClick={onOpen} />
      </div>
      <p className="note named">{say("places_named_both", { right: named.right ?? 0, left: named.left ?? 0 })}</p>
    </section>
  );
});

/** Every lesion of the report that is not struck out, the one we are talking about in pink. */
export function liveLesions({ report }: ReportView, current: number | null): readonly MapLesion[] {
  return report.lesions
    .filter(({ dismissed }) => !dismissed)
    .map((lesion) => ({ letter: lesion.letter, place: placeOf(lesion), current: lesion.lesion === current }));
}
