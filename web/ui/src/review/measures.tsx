/** The rows of the form that hold figures: where a lesion lies, and how large it is. */
import type { ReactNode } from "react";
import type { FieldName, LesionReport, Place, Side, Size } from "../exam/api";
import { confirming, type Standing, standingOf, valueIn } from "../exam/field";
import { centimetres, placeText, sideWord, sizeLine, thirdText } from "../exam/format";
import { Icon } from "../parts/shapes";
import { COLON } from "../words/marks";
import { millimetres, NONE, roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { saying, useReview } from "./context";
import { Figure, Option, Row, stateOf, titleOf } from "./inputs";

const SIDES = ["right", "left"] as const;

/** What follows the figures of a field: the way to take them as they stand, or the sign that they are not the machine's. */
function Mark({ lesion, field, standing }: { lesion: LesionReport; field: FieldName; standing: Standing }) {
  const { say, language } = useWords();
  const { act, readOnly } = useReview();
  if (standing === "changed") {
    return <span className="ring" aria-hidden="true" />;
  }
  return standing === "proposed" && !readOnly ? (
    <button
      type="button"
      className="option take"
      title={say("confirm_this")}
      aria-label={`${say("confirm_this")}${COLON[language]}${say(`short_${field}`)}`}
      onClick={() => act(confirming(lesion, [field]))}
    >
      <Icon name="tick" />
    </button>
  ) : null;
}

export function PlaceRow({ lesion }: { readonly lesion: LesionReport }) {
  const words = useWords();
  const { say, language } = words;
  const { act, openMap, readOnly } = useReview();
  // English says what a figure is after it, Chinese before it.
  const labelled = (label: string, figure: ReactNode) => (
    <>
      {language === "zh" && <span className="quiet small">{label}</span>}
      {figure}
      {language === "en" && <span className="quiet small">{label}</span>}
    </>
  );
  const { place: field, depth_mm: depth } = lesion;
  const [place, standing] = [valueIn(field), standingOf(field)];
  const machine = placeText(field.proposed, words) ?? undefined;
  const saySide = (side: Side): void => {
    if (place?.side === side && !field.said) {
      act(confirming(lesion, ["place"]));
    } else if (place?.side !== side) {
      const other: Place = { side, clock: null, from_nipple_mm: null };
      act(saying(lesion.lesion, { field: "place", value: place ? { ...place, side } : other }));
    }
  };
  const openButton = (text: string, label: string) => (
    <button
      type="button"
      className={`figure ${stateOf(standing)}`}
      aria-label={label}
      aria-disabled={readOnly}
      title={titleOf(standing, machine, say) ?? say("open_map")}
      onClick={() => !readOnly && openMap(lesion)}
    >
      {text}
    </button>
  );
  const deep = valueIn(depth);
  const deepStanding = standingOf(depth);
  return (
    <Row label={say("feature_place")} name="place" standing={standing}>
      {SIDES.map((side) => (
        <Option
          key={side}
          chosen={place?.side === side}
          standing={standing}
          machine={machine}
          onChoose={() => saySide(side)}
        >
          {sideWord(side, words)}
        </Option>
      ))}
      {openButton(place?.clock ?? NONE, `${say("clock_word")} ${place?.clock ?? say("place_unknown")}`)}
      {labelled(
        say("from_nipple"),
        openButton(
          place?.from_nipple_mm == null ? NONE : centimetres(place.from_nipple_mm),
          `${say("from_nipple")} ${place?.from_nipple_mm == null ? say("place_unknown") : centimetres(place.from_nipple_mm)}`,
        ),
      )}
      <span className="row deep" data-field="depth_mm">
        {labelled(
          say("deep"),
          <Figure
            label={say("depth_label")}
            value={deep}
            text={deep === null ? NONE : `${millimetres(deep)}\u202fmm`}
            standing={deepStanding}
            machine={depth.proposed === null ? undefined : `${millimetres(depth.proposed)} mm`}
            onSay={(value) => act(saying(lesion.lesion, { field: "depth_mm", value }))}
          />,
        )}
        <Mark lesion={lesion} field="depth_mm" standing={deepStanding} />
      </span>
    </Row>
  );
}

export function SizeRow({ lesion }: { readonly lesion: LesionReport }) {
  const words = useWords();
  const { say } = words;
  const { act } = useReview();
  const field = lesion.size;
  const [size, standing] = [valueIn(field), standingOf(field)];
  const unit = size?.unit ?? "mm";
  const machine = sizeLine(field.proposed, words) ?? undefined;
  const change = (part: Partial<Size>): void => {
    const next: Size = { long: 0, short: 0, third: null, unit, ...size, ...part };
    act(saying(lesion.lesion, { field: "size", value: next.long > 0 && next.short > 0 ? next : null }));
  };
  const figure = (value: number | undefined): string =>
    value === undefined ? NONE : unit === "mm" ? roundHalfAway(value, 1).toFixed(1) : String(roundHalfAway(value));
  const third = size?.third ?? null;
  const shared = { standing, machine };
  return (
    <Row label={say(unit === "mm" ? "size_mm" : "size_px")} name="size" standing={standing}>
      <Figure
        label={say("size_long")}
        value={size?.long ?? null}
        text={figure(size?.long)}
        onSay={(long) => change({ long: long ?? 0, short: size?.short ?? long ?? 0 })}
        {...shared}
      />
      ×
      <Figure
        label={say("size_short")}
        value={size?.short ?? null}
        text={figure(size?.short)}
        onSay={(short) => change({ short: short ?? 0, long: size?.long ?? short ?? 0 })}
        {...shared}
      />
      ×
      <Figure
        label={say("third_axis")}
        value={third?.extent ?? null}
        text={third ? (third.simulated ? `≈${thirdText(third)}` : figure(third.extent)) : NONE}
        wide={third?.simulated ?? false}
        onSay={(extent) => change({ third: extent === null ? null : measured(extent, third) })}
        {...shared}
      />
      <Mark lesion={lesion} field="size" standing={standing} />
      {third && <span className="quiet small">{say(third.simulated ? "third_simulated" : "third_by_hand")}</span>}
      {lesion.volume_cm3 && third?.simulated && <span className="hidden">{say("simulated")}</span>}
    </Row>
  );
}

/** A figure that a person wrote was measured; the simulated one, taken as it stands, stays simulated. */
function measured(extent: number, before: Size["third"]): Size["third"] {
  return before?.extent === extent ? before : { extent, error: null, simulated: false };
}
