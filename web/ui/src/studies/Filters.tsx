import { useWords } from "../words/words";
import { type Day, PERIODS, type Period } from "./dates";
import type { Search } from "./question";

/** What machines of breast imaging and its neighbours write into Modality. */
const MODALITIES = ["US", "MG", "MR", "CT", "DX", "CR", "PT", "NM", "XA", "RF", "SC", "OT", "SR", "PR", "DOC"] as const;

interface Props {
  readonly used: { readonly search: Search; readonly set: (part: Partial<Search>) => void };
}

/** Which kind of study, and of which days. */
export function Filters({ used: { search, set } }: Props) {
  const { say } = useWords();
  const day = (which: "from" | "to", name: string) => (
    <label className="chip">
      <span>{name}</span>
      <input type="date" value={search[which]} onChange={(event) => set({ [which]: event.target.value as Day })} />
    </label>
  );
  return (
    <div className="filters">
      <label className="chip">
        <span className="hidden">{say("kind")}</span>
        <select value={search.modality} onChange={(event) => set({ modality: event.target.value })} data-filter="kind">
          <option value="">{say("any_kind")}</option>
          {MODALITIES.map((modality) => (
            <option key={modality}>{modality}</option>
          ))}
        </select>
      </label>
      <label className="chip">
        <span className="hidden">{say("period")}</span>
        <select
          value={search.period}
          onChange={(event) => set({ period: event.target.value as Period })}
          data-filter="period"
        >
          {PERIODS.map((period) => (
            <option key={period} value={period}>
              {say(`period_${period}`)}
            </option>
          ))}
        </select>
      </label>
      {search.period === "own" && (
        <>
          {day("from", say("period_from"))}
          {day("to", say("period_to"))}
        </>
      )}
    </div>
  );
}
