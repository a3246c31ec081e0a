import { type ReactNode, useMemo, useState } from "react";
import type { BiRads, Field, FieldName, FieldWord, LesionReport } from "../exam/api";
import { holds } from "../exam/before";
import { CATEGORIES, isDowngrade } from "../exam/category";
import { confirming, NOTHING_SAID, openFields, standingOf, valueIn } from "../exam/field";
import { type Feature, LEXICON, offered, optionKey, toggled, type Word, wordOf } from "../exam/lexicon";
import { DraftTag, KeyCap, Letter } from "../parts/chips";
import { Icon } from "../parts/shapes";
import { useWords } from "../words/words";
import { BeforeRow } from "./before";
import { saying, useReview } from "./context";
import { Option, Row, TextField } from "./inputs";
import { byLikeness } from "./likeness";
import { Malignancy } from "./Malignancy";
import { PlaceRow, SizeRow } from "./measures";
import { Planes } from "./Planes";

interface Props {
  readonly lesion: LesionReport;
  readonly onConfirm: () => void;
}

export function LesionForm({ lesion, onConfirm }: Props) {
  const { say } = useWords();
  const { readOnly, act, view } = useReview();
  const open = openFields(lesion);
  const compared = view.report.comparison !== null && holds(view.report.comparison);
  return (
    <>
      <header className="form-head">
        <Letter letter={lesion.letter} current={true} />
        <h2 className="title">{say("lesion_named", { letter: lesion.letter })}</h2>
        {lesion.dismissed && <span className="quiet">{say("dismissed_long")}</span>}
        {!lesion.dismissed && open.length > 0 && <DraftTag>{say("machine_draft")}</DraftTag>}
        <span className="space" />
        {!readOnly && (
          <button
            type="button"
            className="button small"
            onClick={() => act({ act: lesion.dismissed ? "restore" : "dismiss", lesion: lesion.lesion })}
          >
            <Icon name={lesion.dismissed ? "undo" : "dismiss"} />
            {say(lesion.dismissed ? "restore" : "dismiss")}
          </button>
        )}
        {!readOnly && !lesion.dismissed && (
          <button type="button" className="button small line" aria-disabled={open.length === 0} onClick={onConfirm}>
            {say("confirm_all")} <KeyCap>C</KeyCap>
          </button>
        )}
      </header>
      <div className={`fields ${lesion.dismissed ? "struck" : ""} ${compared ? "compared" : ""}`}>
        <PlaceRow lesion={lesion} />
        <SizeRow lesion={lesion} />
        <BeforeRow lesion={lesion} />
        <SameRow lesion={lesion} />
        <WordRow lesion={lesion} feature="shape" />
        <WordRow lesion={lesion} feature="orientation" />
        <WordsRow lesion={lesion} feature="margin" note={say("any_of")} />
        <WordRow lesion={lesion} feature="echo" />
        <WordRow lesion={lesion} feature="posterior" />
        <WordsRow lesion={lesion} feature="calcification" />
        {standingOf(lesion.boundary) !== "empty" && <WordRow lesion={lesion} feature="boundary" />}
        <WordsRow lesion={lesion} feature="associated" />
        <WordsRow lesion={lesion} feature="vascularity">
          <Elasticity lesion={lesion} />
        </WordsRow>
        <Malignancy lesion={lesion} />
        <CategoryRow lesion={lesion} />
        <AdviceRow lesion={lesion} />
        <Planes planes={lesion.planes} letter={lesion.letter} grounds={lesion.grounds} />
      </div>
    </>
  );
}

/** So many other letters are offered at once; the less likely ones on request. */
const OFFERED = 3;

/** Two letters for one lesion: it is joined to the other here, and what was joined to it is taken apart. */
function SameRow({ lesion }: { readonly lesion: LesionReport }) {
  const { say } = useWords();
  const { act, view, readOnly } = useReview();
  const [all, setAll] = useState(false);
  const others = useMemo(
    () =>
      readOnly
        ? []
        : byLikeness(
            lesion,
            view.report.lesions.filter(
              (other) => other !== lesion && !other.dismissed && other.lesion !== lesion.may_be?.lesion,
            ),
          ),
    [readOnly, lesion, view],
  );
  const more = others.length - OFFERED;
  const mayBe = readOnly ? null : (lesion.may_be ?? null);
  if (lesion.dismissed || (others.length === 0 && lesion.joined.length === 0 && !mayBe)) {
    return null;
  }
  return (
    <Row label={say("same_lesion")} data="same" note={mayBe ? say("wanted") : undefined} wanted={mayBe !== null}>
      {mayBe && (
        <>
          <span className="may-be">{say("may_be_again", { letter: mayBe.letter })}</span>
          <Option
            chosen={false}
            standing="proposed"
            hint={say("same_as_hint", { letter: mayBe.letter })}
            onChoose={() => act({ act: "join", lesion: lesion.lesion, into: mayBe.lesion })}
          >
            {say("again_yes")}
          </Option>
          <Option
            chosen={false}
            standing="proposed"
            onChoose={() => act({ act: "keep_apart", lesion: lesion.lesion, from: mayBe.lesion })}
          >
            {say("again_no")}
          </Option>
        </>
      )}
      {lesion.joined.map((part) => (
        <Option
          key={part.lesion}
          chosen={true}
          standing="confirmed"
          hint={say("take_apart")}
          onChoose={() => act({ act: "part", lesion: part.lesion })}
        >
          {say("joined_letter", { letter: part.letter })}
        </Option>
      ))}
      {others.slice(0, all ? undefined : OFFERED).map((other) => (
        <Option
          key={other.lesion}
          chosen={false}
          standing="empty"
          hint={say("same_as_hint", { letter: other.letter })}
          onChoose={() => act({ act: "join", lesion: lesion.lesion, into: other.lesion })}
        >
          {say("same_as", { letter: other.letter })}
        </Option>
      ))}
      {more > 0 && !all && (
        <button type="button" className="button small line" data-action="same-others" onClick={() => setAll(true)}>
          {say("same_others", { count: more })}
        </button>
      )}
    </Row>
  );
}

type ManyWords = "margin" | "calcification" | "associated" | "vascularity";
type OneWord = Exclude<Feature, ManyWords | "tissue">;

/** No machine proposes these: until a person says something they were not assessed. */
const OF_A_PERSON: readonly Feature[] = ["associated", "vascularity"];

interface FeatureProps<F extends Feature> {
  readonly lesion: LesionReport;
  readonly feature: F;
  readonly note?: string;
  /** What stands behind the words. */
  readonly children?: ReactNode;
}

/** The compiler does not follow that every one of these features takes any one word. */
const oneWord = (feature: OneWord, value: Word | null): FieldWord => ({ field: feature, value }) as FieldWord;

/** A feature that has one word. */
function WordRow({ lesion, feature }: FeatureProps<OneWord>) {
  const { say } = useWords();
  return (
    <Row label={say(`feature_${feature}`)} name={feature} standing={standingOf(lesion[feature] ?? NOTHING_SAID)}>
      <WordOptions lesion={lesion} feature={feature} />
    </Row>
  );
}

function WordOptions({ lesion, feature }: FeatureProps<OneWord>) {
  const { say } = useWords();
  const { act } = useReview();
  const field: Field<Word> = lesion[feature] ?? NOTHING_SAID;
  const [value, standing] = [valueIn(field), standingOf(field)];
  return LEXICON[feature].map((key) => {
    const word = wordOf(feature, key);
    const chosen = word === value;
    return (
      <Option
        key={key}
        chosen={chosen}
        standing={standing}
        machine={field.proposed ? say(optionKey(field.proposed)) : undefined}
        // A person's own word, chosen once more, is taken back: not assessed.
        onChoose={() => act(saying(lesion.lesion, oneWord(feature, chosen && field.said ? null : word)))}
      >
        {say(optionKey(word))}
      </Option>
    );
  });
}

/** Beside the blood flow: both are seen in modes of their own, and a row for each would push the category off a small screen. */
function Elasticity({ lesion }: { readonly lesion: LesionReport }) {
  const { say } = useWords();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group within the row's own fieldset, laid out in its line.
    <span className="row deep" role="group" data-field="elasticity" aria-label={say("feature_elasticity")}>
      <span className="quiet small" aria-hidden="true">
        {say("feature_elasticity")}
      </span>
      <WordOptions lesion={lesion} feature="elasticity" />
    </span>
  );
}

/** A feature that can have several words. */
function WordsRow({ lesion, feature, note, children }: FeatureProps<ManyWords>) {
  const { say, language } = useWords();
  const { act, view } = useReview();
  const field: Field<readonly Word[]> = lesion[feature] ?? NOTHING_SAID;
  const [value, standing] = [valueIn(field) ?? [], standingOf(field)];
  const beside = standing === "empty" && OF_A_PERSON.includes(feature) ? say("not_assessed") : note;
  const choose = (word: Word): void => {
    if (!field.said && value.includes(word)) {
      act(confirming(lesion, [feature]));
      return;
    }
    const words = toggled(feature, value, word);
    act(saying(lesion.lesion, { field: feature, value: words.length > 0 ? words : null }));
  };
  const machine = field.proposed?.map((word) => say(optionKey(word))).join(language === "zh" ? "、" : ", ");
  return (
    <Row label={say(`feature_${feature}`)} note={beside} name={feature} standing={standing}>
      {offered(feature, view.report.lexicon_edition, value).map((word) => (
        <Option
          key={word}
          chosen={value.includes(word)}
          standing={standing}
          machine={machine}
          onChoose={() => choose(word)}
        >
          {say(optionKey(word))}
        </Option>
      ))}
      {children}
    </Row>
  );
}

function CategoryRow({ lesion }: { readonly lesion: LesionReport }) {
  const { say } = useWords();
  const { act, view } = useReview();
  const { category, downgrade_reason } = lesion;
  const [value, standing] = [valueIn(category), standingOf(category)];
  const choose = (chosen: BiRads): void =>
    act(saying(lesion.lesion, { field: "category", value: chosen === value && category.said ? null : chosen }));
  const wanted = view.obstacles.some(({ code, lesion: of }) => of === lesion.lesion && code === "no_reason");
  const asks = isDowngrade(category.proposed, category.said?.value ?? null) || downgrade_reason !== "" || wanted;
  return (
    <>
      <Row
        label="BI-RADS"
        name="category"
        standing={standing}
        note={value === "4" ? "4" : value === "2" && category.proposed === "2" ? say("simple_cyst") : undefined}
      >
        <div className="categories">
          {CATEGORIES.map((each) => (
            <Option
              key={each}
              className={`category-option ${each === value ? `c${each}` : ""}`}
              chosen={each === value}
              standing={standing}
              machine={category.proposed ?? undefined}
              onChoose={() => choose(each)}
            >
              {each}
            </Option>
          ))}
        </div>
      </Row>
      {asks && (
        <Row label={say("downgrade")} name="category" wanted={wanted} note={wanted ? say("wanted") : undefined}>
          <TextField
            label={say("downgrade")}
            value={downgrade_reason}
            placeholder={say("downgrade_hint", { category: category.proposed ?? "4" })}
            onSay={(reason) => act(saying(lesion.lesion, { field: "downgrade_reason", value: reason }))}
          />
        </Row>
      )}
    </>
  );
}

const ADVICE = ["routine", "short_follow_up", "mammography", "core_biopsy", "other"] as const;
const ADVICE_FIELD: FieldName = "advice";

function AdviceRow({ lesion }: { readonly lesion: LesionReport }) {
  const { say } = useWords();
  const { act } = useReview();
  const field = lesion.advice;
  const [value, standing] = [valueIn(field), standingOf(field)];
  return (
    <Row label={say("report_advice")} name={ADVICE_FIELD} standing={standing}>
      {ADVICE.map((each) => (
        <Option
          key={each}
          chosen={each === value}
          standing={standing}
          machine={field.proposed ? say(`advice_${field.proposed}`) : undefined}
          onChoose={() =>
            act(saying(lesion.lesion, { field: "advice", value: each === value && field.said ? null : each }))
          }
        >
          {say(`advice_${each}`)}
        </Option>
      ))}
    </Row>
  );
}
