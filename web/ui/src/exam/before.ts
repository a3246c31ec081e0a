/** What a lesion was in an earlier examination, and how the pages write that. */
import { millimetres, NONE, percent, roundHalfAway } from "../words/numbers";
import type { Words } from "../words/words";
import type { Before, Candidate, Change, Comparison, EarlierLesion, LesionReport } from "./api";
import { centimetres, dateText, placeText, sizeLine } from "./format";

const NARROW = "\u202f";

/** Whether the two may be compared: a person's word, or else that nothing contradicts it. */
export const holds = ({ conflict, same_patient }: Comparison): boolean => same_patient?.value ?? !conflict;

export const earlierLesion = ({ earlier }: Comparison, lesion: number): EarlierLesion | null =>
  earlier.lesions.find((each) => each.lesion === lesion) ?? null;

/** What can be chosen for a lesion: earlier ones of its breast with the change, the nearest first, and that it is new (`null`). */
export function choicesOf(
  lesion: LesionReport,
  comparison: Comparison,
): readonly { readonly before: Before; readonly candidate: Candidate | null }[] {
  const { examination } = comparison.earlier;
  return [...lesion.candidates, null].map((candidate) => ({
    before: { examination, lesion: candidate?.lesion ?? null },
    candidate,
  }));
}

/** `+`, or a minus as wide; nothing before what is written as nothing. */
const signed = (value: number, text: string): string => (/[1-9]/.test(text) ? `${value < 0 ? "−" : "+"}${text}` : text);

/** `8 → 10 mm, +30 %`; the earlier size alone where nothing can be said of the change. */
export function changeText(change: Change, then: EarlierLesion | null, words: Words): string {
  if (change.kind === "not_comparable") {
    const size = then?.size ? `${longest(then)} · ` : "";
    return `${size}${words.say(`not_comparable_${change.reason}`)}`;
  }
  const [from, to] = change.long_mm.map(millimetres);
  const share = percent(String(roundHalfAway(Math.abs(change.ratio) * 100)), words.language);
  return `${from} → ${to}${NARROW}mm, ${signed(change.ratio, share)}`;
}

/** The longest diameter, `8 mm` or `174 px`. */
export function longest({ size }: EarlierLesion): string {
  if (!size) {
    return NONE;
  }
  return size.unit === "mm" ? `${millimetres(size.long)}${NARROW}mm` : `${roundHalfAway(size.long)}${NARROW}px`;
}

/** Everything that is known of an earlier lesion and of the change, for those who hover. */
export function longText(then: EarlierLesion, change: Change | null, comparison: Comparison, words: Words): string {
  const { say, language } = words;
  const place = placeText(then.place, words) ?? say("place_unknown");
  const size = sizeLine(then.size, words);
  const known = [
    say("lesion_named", { letter: then.letter }),
    dateText(comparison.earlier.began_ms, words),
    place,
    size,
    then.category && `BI-RADS ${then.category}`,
  ];
  const grown =
    change?.kind === "measured"
      ? [
          say("change_over", {
            change: `${signed(change.difference_mm, millimetres(Math.abs(change.difference_mm)))}${NARROW}mm`,
            days: comparison.days,
          }),
          say(`trend_${change.trend}`),
          change.doubling_days !== null &&
            say(change.doubling_days > 0 ? "volume_doubles" : "volume_halves", {
              days: roundHalfAway(Math.abs(change.doubling_days)),
            }),
          change.alarm && say("growth_alarm"),
        ]
      : [];
  return [...known, ...grown].filter(Boolean).join(language === "zh" ? "，" : ", ");
}

/** `10:00, 4 cm`: within one breast the side says nothing. */
export function placeWithin(then: EarlierLesion | null): string {
  const { clock, from_nipple_mm } = then?.place ?? { clock: null, from_nipple_mm: null };
  return [clock, from_nipple_mm === null ? null : centimetres(from_nipple_mm)].filter(Boolean).join(" ");
}
