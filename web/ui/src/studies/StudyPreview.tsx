import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { KeyCap } from "../parts/chips";
import { Shape } from "../parts/shapes";
import { NONE } from "../words/numbers";
import { useWords } from "../words/words";
import type { Whole } from "./arriving";
import { findSeries, thumbnailOf } from "./client";
import { numberOf, textOf } from "./dataSet";
import { SamePerson } from "./SamePerson";
import { SendFault } from "./SendFault";
import type { StudyRow } from "./study";
import { Thumbnail } from "./Thumbnail";
import { useMerge } from "./useIdentity";

/** So many series are shown small. */
const SERIES_SHOWN = 6;

interface Props {
  readonly row: StudyRow;
  /** Something contradicts who was examined. */
  readonly doubtful: boolean;
  readonly whole: Whole;
  /** Whoever sits here may say that the patient is another one. */
  readonly mayMerge: boolean;
  readonly onOpen: () => void;
}

/** What the chosen study looks like, before it is opened. */
export function StudyPreview({ row, doubtful, whole, mayMerge, onOpen }: Props) {
  const { say } = useWords();
  const { data } = useQuery({
    queryKey: ["series", row.uid],
    queryFn: ({ signal }) => findSeries(row.uid, signal),
  });
  const series = data?.found.slice(0, SERIES_SHOWN) ?? [];
  const name = row.name ?? say("study_without_name");
  return (
    <aside className="preview" aria-label={say("study_preview")}>
      <h2 className="preview-name">{name}</h2>
      {doubtful && (
        <p className="row">
          <Shape status="warn" />
          {say("doubtful")}
        </p>
      )}
      <div className="preview-large">
        <Thumbnail source={thumbnailOf(row.uid, undefined, undefined, 640)} name={row.description ?? name} />
      </div>
      {series.length > 1 && (
        <div className="preview-series">
          {series.map((each) => {
            const uid = textOf(each, "0020000E") ?? "";
            const label = textOf(each, "0008103E") ?? `${say("series_word")} ${numberOf(each, "00200011") ?? NONE}`;
            return (
              <span key={uid} className="small-tile" title={label}>
                <Thumbnail source={thumbnailOf(row.uid, uid, undefined, 192)} name={label} />
              </span>
            );
          })}
        </div>
      )}
      <dl className="facts">
        <dt>{say("column_patient")}</dt>
        <dd>{[row.person, row.id].filter(Boolean).join(" · ") || NONE}</dd>
        <dt>{say("column_study")}</dt>
        <dd>{[row.modalities.join(" "), row.description].filter(Boolean).join(" · ") || NONE}</dd>
        <dt>{say("column_when")}</dt>
        <dd>{[row.date, row.time].filter(Boolean).join(", ") || NONE}</dd>
        <dt>{say("column_images")}</dt>
        <dd>
          {say("series_and_images", { series: row.series, images: row.instances })}
          {whole && `, ${say(whole)}`}
        </dd>
      </dl>
      {mayMerge && <SaysWho study={row.uid} />}
      <span className="space" />
      <button type="button" className="button next" onClick={onOpen} data-action="open-study">
        {say("open_study")}
        <KeyCap>⏎</KeyCap>
      </button>
    </aside>
  );
}

/** Says that the patient of a study is another one. */
function SaysWho({ study }: { readonly study: string }) {
  const { say } = useWords();
  const [asks, setAsks] = useState(false);
  const { error, busy, merge } = useMerge();
  return (
    <>
      <button
        type="button"
        className="button small line"
        data-action="same-person"
        aria-expanded={asks}
        onClick={() => setAsks(!asks)}
      >
        {say("same_person")}
      </button>
      {asks && (
        <SamePerson
          study={study}
          start=""
          busy={busy}
          onChoose={(target) => merge({ source_study: study, target_study: target }, () => setAsks(false))}
        />
      )}
      {error && <SendFault error={error} />}
    </>
  );
}
