import type { BreastReport } from "../exam/api";
import { isOpen, standingOf, valueIn } from "../exam/field";
import { sideWord } from "../exam/format";
import { type ItemKey, lesionItem } from "../exam/todo";
import { placesNamed } from "../map/BreastMap";
import { PressedMap } from "../map/PressedMap";
import { KeyCap } from "../parts/chips";
import { roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { NotSeenRow } from "./before";
import { useReview } from "./context";
import { Option, Row } from "./inputs";
import { hoursNamed, mapLesions, scannedStrips } from "./mapped";
import { Paragraphs } from "./Narrative";
import { Planes } from "./Planes";

interface Props {
  readonly onConfirm: () => void;
  /** A lesion of the map was pressed. */
  readonly onGo: (item: ItemKey) => void;
}

/** Both breasts: what was scanned, that they were examined, and what the report says of each. */
export function BreastsForm({ onConfirm, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const { view, readOnly } = useReview();
  const { report, narrative } = view;
  const open = report.breasts.some(({ examined }) => isOpen(examined));
  const toLesion = (letter: string): void => {
    const lesion = report.lesions.find((each) => each.letter === letter);
    if (lesion) {
      onGo(lesionItem(lesion.lesion));
    }
  };
  const strips = scannedStrips(report);
  const findings = narrative[words.language].sections.filter(({ key }) => key.startsWith("findings_"));
  return (
    <>
      <header className="form-head">
        <h2 className="title">{say("both_breasts")}</h2>
        <span className="space" />
        {open && !readOnly && (
          <button type="button" className="button small line" onClick={onConfirm}>
            {say("confirm_all")} <KeyCap>C</KeyCap>
          </button>
        )}
      </header>
      <div className="fields">
        <div className="breasts-map">
          <PressedMap
            lesions={mapLesions(report, null)}
            named={hoursNamed(report)}
            strips={strips}
            large={true}
            onLesion={toLesion}
          />
          {strips.length > 0 && <p className="note">{say("map_scanned")}</p>}
        </div>
        {report.breasts.map((breast) => (
          <BreastRow key={breast.side} breast={breast} />
        ))}
        {report.comparison && <NotSeenRow comparison={report.comparison} />}
        {findings.map((section) => (
          <Row key={section.key} label={section.heading}>
            <div className="narrative">
              <Paragraphs section={section} />
            </div>
          </Row>
        ))}
        {report.planes.length > 0 && <Planes planes={report.planes} letter={null} />}
      </div>
    </>
  );
}

function BreastRow({ breast }: { readonly breast: BreastReport }) {
  const words = useWords();
  const { say } = words;
  const { act, view } = useReview();
  const { side, scanned_s, examined } = breast;
  const standing = standingOf(examined);
  const value = valueIn(examined) ?? false;
  return (
    <Row label={say(side === "left" ? "left_breast" : "right_breast")}>
      <Option
        chosen={value}
        standing={standing}
        onChoose={() => act({ act: "set_examined", side, examined: standing === "proposed" || !value })}
      >
        {say("examined")}
      </Option>
      <span className="quiet small" title={sideWord(side, words)}>
        {placesNamed(hoursNamed(view.report)[side], say)}
        {" · "}
        {say("scanned_for", { seconds: roundHalfAway(scanned_s) })}
      </span>
      <span className="space" />
      {breast.category && <span className={`category c${breast.category}`}>{breast.category}</span>}
    </Row>
  );
}
