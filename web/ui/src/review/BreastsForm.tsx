import { Fragment } from "react";
import type { Axilla, BreastReport, Hilum, LymphNode } from "../exam/api";
import { isOpen, NOTHING_SAID, standingOf, valueIn } from "../exam/field";
import { sideWord } from "../exam/format";
import { LEXICON, optionKey, wordOf } from "../exam/lexicon";
import { type ItemKey, lesionItem } from "../exam/todo";
import { placesNamed } from "../map/BreastMap";
import { PressedMap } from "../map/PressedMap";
import { KeyCap } from "../parts/chips";
import { NONE, roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { NotSeenRow } from "./before";
import { sayingOf, useReview } from "./context";
import { Figure, Option, Row } from "./inputs";
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
          <Fragment key={breast.side}>
            <BreastRow breast={breast} />
            <TissueRow breast={breast} />
            <AxillaRow breast={breast} />
          </Fragment>
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

/** The background of its echoes: a person's word alone, and until then it was not assessed. */
function TissueRow({ breast: { side, tissue = NOTHING_SAID } }: { readonly breast: BreastReport }) {
  const words = useWords();
  const { say } = words;
  const { act } = useReview();
  const [value, standing] = [valueIn(tissue), standingOf(tissue)];
  return (
    <Row
      label={say("tissue_of", { side: sideWord(side, words) })}
      note={standing === "empty" ? say("not_assessed") : undefined}
      data={`tissue-${side}`}
    >
      {LEXICON.tissue.map((key) => {
        const word = wordOf("tissue", key);
        return (
          <Option
            key={key}
            chosen={word === value}
            standing={standing}
            onChoose={() => act(sayingOf(side, { field: "tissue", value: word === value ? null : word }))}
          >
            {say(optionKey(word))}
          </Option>
        );
      })}
    </Row>
  );
}

const HILUM = ["kept", "lost"] as const satisfies readonly Hilum[];
const LENGTHS = ["long_mm", "short_mm", "cortex_mm"] as const satisfies readonly (keyof LymphNode)[];

const UNMEASURED: LymphNode = { long_mm: null, short_mm: null, cortex_mm: null, hilum: null };

/** The lymph nodes of its armpit: none that is abnormal, or one that is described. */
function AxillaRow({ breast: { side, axilla = NOTHING_SAID } }: { readonly breast: BreastReport }) {
  const words = useWords();
  const { say } = words;
  const { act } = useReview();
  const [value, standing] = [valueIn(axilla), standingOf(axilla)];
  const node = value?.node ?? null;
  const sayAxilla = (said: Axilla | null): void => act(sayingOf(side, { field: "axilla", value: said }));
  const change = (part: Partial<LymphNode>): void => sayAxilla({ node: { ...(node ?? UNMEASURED), ...part } });
  return (
    <Row
      label={say("axilla_of", { side: sideWord(side, words) })}
      note={standing === "empty" || standing === "unassessed" ? say("not_assessed") : undefined}
      data={`axilla-${side}`}
    >
      <Option
        chosen={value !== null && node === null}
        standing={standing}
        onChoose={() => sayAxilla(value !== null && node === null ? null : { node: null })}
      >
        {say("no_abnormal_node")}
      </Option>
      <Option
        chosen={node !== null}
        standing={standing}
        onChoose={() => sayAxilla(node === null ? { node: UNMEASURED } : null)}
      >
        {say("lymph_node")}
      </Option>
      {node &&
        LENGTHS.map((length) => (
          <span className="row node-length" key={length}>
            <span className="quiet small">{say(`node_${length}`)}</span>
            <Figure
              label={say(`node_${length}_label`)}
              value={node[length]}
              text={node[length] === null ? NONE : `${roundHalfAway(node[length], 1).toFixed(1)}\u202fmm`}
              standing={node[length] === null ? "empty" : standing}
              onSay={(mm) => change({ [length]: mm })}
            />
          </span>
        ))}
      {node &&
        HILUM.map((hilum) => (
          <Option
            key={hilum}
            chosen={node.hilum === hilum}
            standing={standing}
            onChoose={() => change({ hilum: node.hilum === hilum ? null : hilum })}
          >
            {say(`hilum_${hilum}`)}
          </Option>
        ))}
    </Row>
  );
}
