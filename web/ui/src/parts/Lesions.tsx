import { memo, useEffect, useRef } from "react";
import type { TrackView, TrackVolume } from "../api/wire";
import { groundsOf } from "../exam/evidence";
import { placeText } from "../exam/format";
import { type Asked, answering, isAsked } from "../live/again";
import type { Examination, Scene } from "../live/examination";
import { growthOf, liveSize } from "../live/third";
import { en } from "../words/en";
import { COMMA } from "../words/marks";
import { intervalText, isUnsure, NONE, percent, probability } from "../words/numbers";
import { useWords, type WordKey, type Words } from "../words/words";
import { ByPerson, Category, DraftTag, KeyCap, Letter, Probability } from "./chips";

interface Props {
  readonly examination: Examination;
  readonly scene: Scene;
  /** So many more are in the report alone. */
  readonly beyond: number;
}

export function Lesions({ examination, scene, beyond }: Props) {
  const words = useWords();
  const { update, current, watching } = scene;
  const rows = useRef<HTMLUListElement>(null);
  // The current lesion stands first, with what is asked of it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one is first then.
  useEffect(() => {
    rows.current?.scrollTo({ top: 0 });
  }, [current]);
  const tracks = update ? ordered(update.tracks, current) : [];
  const solids = update?.volume.tracks ?? [];
  const count = tracks.filter((track) => track.letter !== null && !track.dismissed).length;
  return (
    <section className="panel lesions" aria-labelledby="lesions-head">
      <h2 className="head" id="lesions-head">
        {words.say("lesions")} <span className="count">{count + beyond}</span>{" "}
        <DraftTag>{words.say("machine")}</DraftTag>
        <span className="space" />
        <span className="note">{words.say("malignant_interval")}</span>
      </h2>
      <ul className="rows" ref={rows}>
        {tracks.map((track) => (
          <li key={track.id}>
            <Row
              track={track}
              solid={solids.find((solid) => solid.track === track.id)}
              current={track.id === current}
              examination={examination}
            />
            {isAsked(track) && !track.dismissed && (
              <Again track={track} byKey={track.id === current} watching={watching} examination={examination} />
            )}
          </li>
        ))}
      </ul>
      {beyond > 0 && <p className="note beyond">{words.say("lesions_beyond", { count: beyond })}</p>}
      {tracks.length === 0 && <p className="hint">{words.say(emptyWord(scene))}</p>}
      {update && (
        <div className="hidden">
          <TextTwin tracks={update.tracks} solids={solids} current={current} words={words} />
        </div>
      )}
    </section>
  );
}

/** Why there is no lesion: "none so far" is said only where somebody looks. */
export function emptyWord({ hello, update }: Pick<Scene, "hello" | "update">): WordKey {
  if (!update) {
    return "no_lesion";
  }
  return hello?.model === null ? "no_model" : update.model_failed ? "model_failed" : "no_lesion";
}

/** The current one first, then those of which it is asked what they are, the other confirmed ones, the new and the dismissed; alike ones by letter. */
export function ordered(tracks: readonly TrackView[], current: number | null): readonly TrackView[] {
  const rank = (track: TrackView): number =>
    track.dismissed ? 4 : track.id === current ? 0 : isAsked(track) ? 1 : track.letter !== null ? 2 : 3;
  return tracks.toSorted((a, b) => rank(a) - rank(b));
}

interface RowProps {
  readonly track: TrackView;
  readonly solid: TrackVolume | undefined;
  readonly current: boolean;
  readonly examination: Examination;
}

const Row = memo(function Row({ track, solid, current, examination }: RowProps) {
  const words = useWords();
  const isNew = track.letter === null;
  const resting = isNew || track.dismissed;
  const kind = track.dismissed ? "dismissed" : isNew ? "new" : current ? "current" : "";
  const growth = isNew || !track.size_mm || (track.size_said && !track.third) ? "none" : growthOf(track, solid);
  // A side that nobody said is not shown: it would be believed.
  const where = placeText(track.place, words) ?? words.say("place_unknown");
  return (
    <button
      type="button"
      className={`lesion ${kind}`}
      aria-pressed={current}
      title={groundsOf(track, words) ?? undefined}
      // Not `disabled`: the list scrolls, and a keyboard reaches its end through the rows.
      aria-disabled={resting}
      onClick={resting ? undefined : () => examination.choose(track.id)}
      data-track={track.id}
      data-letter={track.letter ?? ""}
    >
      <Letter letter={track.letter} current={current} />
      <span className="what">
        <span className="place">
          {isNew ? words.say("new_lesion") : where}
          {track.dismissed && <span className="tag">{words.say("dismissed")}</span>}
        </span>
        <span
          className={track.size_said ? "size said" : "size"}
          data-growth={growth}
          title={growth === "grows" ? words.say("grows") : track.size_said ? words.say("by_person") : undefined}
        >
          {track.size_said && <ByPerson />}
          {isNew ? words.say("new_lesion_long") : liveSize(track, solid, words)}
        </span>
        {!isNew && (
          <span className="described">
            {wordsOf(track, words).map((word) => (
              <span key={word}>{word}</span>
            ))}
          </span>
        )}
      </span>
      {isNew ? <span /> : <Category category={track.birads} said={track.birads_said} />}
      {isNew ? <span /> : <Probability value={track.malignancy} interval={track.malignancy_95} />}
    </button>
  );
});

interface AgainProps {
  readonly track: Asked;
  /** It is the current one, for which the keys answer. */
  readonly byKey: boolean;
  /** Who only watches is not asked. */
  readonly watching: boolean;
  readonly examination: Examination;
}

/** One line below a lesion that may be an earlier one again, gone once it is answered. */
function Again({ track, byKey, watching, examination }: AgainProps) {
  const { say } = useWords();
  const { letter } = track.may_be;
  const asked = say("may_be_again", { letter });
  return (
    <fieldset className="again-question" aria-label={asked} data-again={track.may_be.lesion}>
      <span className="asked">{asked}</span>
      {!watching && (
        <>
          <button
            type="button"
            className="button small line"
            onClick={() => examination.press(answering(track, "again"))}
          >
            {say("again_yes")} {byKey && <KeyCap>=</KeyCap>}
          </button>
          <button
            type="button"
            className="button small line"
            onClick={() => examination.press(answering(track, "another"))}
          >
            {say("again_no")} {byKey && <KeyCap>O</KeyCap>}
          </button>
        </>
      )}
    </fieldset>
  );
}

/** The lexicon's words for a lesion. */
function wordsOf({ descriptors }: TrackView, { say }: Words): readonly string[] {
  return descriptors
    .map(({ feature, word }) => `word_${feature}_${word}`)
    .filter((key): key is WordKey => key in en)
    .map((key) => say(key));
}

interface TwinProps {
  readonly tracks: readonly TrackView[];
  readonly solids: readonly TrackVolume[];
  readonly current: number | null;
  readonly words: Words;
}

/** What the canvas shows, as a table for screen readers. */
const TextTwin = memo(function TextTwin({ tracks, solids, current, words: { say, language } }: TwinProps) {
  const lesions = tracks.filter((track) => track.letter !== null && !track.dismissed);
  const solidOf = (track: TrackView) => solids.find((solid) => solid.track === track.id);
  return (
    <table>
      <caption>{say("table_caption")}</caption>
      <thead>
        <tr>
          <th>{say("lesion_word")}</th>
          <th>{say("status_word")}</th>
          <th>{say("size_word")}</th>
          <th>{say("category_word")}</th>
          <th>{say("chance_word")}</th>
          <th>{say("interval_word")}</th>
          <th>{say("grounds_word")}</th>
        </tr>
      </thead>
      <tbody>
        {lesions.map((track) => (
          <tr key={track.id}>
            <th scope="row">
              {track.id === current ? `${track.letter}${COMMA[language]}${say("current_lesion")}` : track.letter}
            </th>
            <td>{say(`status_${track.status}`)}</td>
            <td>{sizeSaid(track, solidOf(track), { say, language })}</td>
            <td>{categorySaid(track, { say, language })}</td>
            <td>{chance(track, { say, language })}</td>
            <td>{track.malignancy_95 ? intervalText(track.malignancy_95) : NONE}</td>
            <td>{groundsOf(track, { say, language }) ?? NONE}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
});

/** With whose word it is, as the chips say it by their edge. */
function categorySaid({ birads, birads_said }: TrackView, { say, language }: Words): string {
  if (birads_said) {
    return [birads ?? say("not_assessed"), say("by_person")].join(COMMA[language]);
  }
  return birads === null ? say("not_graded") : [birads, say("by_machine")].join(COMMA[language]);
}

function sizeSaid(track: TrackView, solid: TrackVolume | undefined, words: Words): string {
  const { say, language } = words;
  const size = liveSize(track, solid, words);
  if (track.size_said) {
    return [size, say("by_person")].join(COMMA[language]);
  }
  return track.size_mm && growthOf(track, solid) === "grows" ? `${size} (${say("grows_brief")})` : size;
}

function chance(track: TrackView, { say, language }: Words): string {
  if (track.malignancy === null) {
    return NONE;
  }
  return isUnsure(track.malignancy_95) ? say("unsure") : percent(probability(track.malignancy), language);
}
