/** Which calibrated probe the next examination is made with: one of those that are kept, with who measured it and when, or none. */
import type { KnownCalibration } from "../exam/api";
import { isNamed } from "../exam/format";
import { percent, roundHalfAway } from "../words/numbers";
import { type Language, useWords, type Words } from "../words/words";

export const shareText = (share: number, language: Language): string =>
  percent(String(roundHalfAway(share * 100)), language);

export const probeName = ({ probe, preset }: Pick<KnownCalibration, "probe" | "preset">): string =>
  [probe, preset].filter(Boolean).join(", ");

/** Name, day, error, and who measured it, where that is known. */
export const probeText = (known: KnownCalibration, { language }: Pick<Words, "language">): string =>
  [
    probeName(known),
    known.made,
    `±${shareText(known.relative_error, language)}`,
    known.by && isNamed(known.by) && known.by,
  ]
    .filter(Boolean)
    .join(" · ");

interface Props {
  readonly known: readonly KnownCalibration[];
  readonly onUse: (probe: { readonly probe: string; readonly preset: string } | null) => void;
}

/** Nothing where none is kept. */
export function ProbeChoice({ known, onUse }: Props) {
  const words = useWords();
  const { say } = words;
  if (known.length === 0) {
    return null;
  }
  const chosen = known.find(({ used }) => used)?.chosen;
  return (
    <div className="probe-choice">
      <label>
        <span>{say("calibrate_used")}</span>
        <select
          className="used"
          data-field="used"
          value={known.findIndex(({ used }) => used)}
          onChange={(event) => {
            const { probe, preset } = known[Number(event.target.value)] ?? {};
            onUse(probe === undefined || preset === undefined ? null : { probe, preset });
          }}
        >
          <option value={-1}>{say("calibrate_used_none")}</option>
          {known.map((each, at) => (
            <option key={probeName(each)} value={at}>
              {probeText(each, words)}
            </option>
          ))}
        </select>
      </label>
      {chosen && (
        <small className="note" data-chosen-by={chosen.by}>
          {isNamed(chosen.by) ? say("calibrate_used_by", chosen) : say("calibrate_used_since", { since: chosen.since })}
        </small>
      )}
    </div>
  );
}
