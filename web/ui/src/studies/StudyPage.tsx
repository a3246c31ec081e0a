import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { KeyCap } from "../parts/chips";
import { GoLink } from "../parts/GoLink";
import { Shape } from "../parts/shapes";
import type { Route } from "../route";
import { type Language, useWords } from "../words/words";
import { findInstances, findStudies, reasonText, thumbnailOf } from "./client";
import { DisputedLine } from "./DisputedLine";
import { SendMenu } from "./SendMenu";
import { StudiesTop } from "./StudiesTop";
import { type InstanceTile, keysOf, type PageKey, rowOf, type SeriesStrip, stripsOf } from "./study";
import { Thumbnail } from "./Thumbnail";
import { useSources } from "./useNodes";
import { Viewer } from "./Viewer";

const CAPS: Readonly<Record<PageKey, readonly string[]>> = {
  image: ["N"],
  play: ["␣"],
  frames: ["←", "→"],
  measure: ["R"],
};

interface Props {
  readonly study: string;
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** One study: its images small at the side, one of them large. */
export function StudyPage({ study, onLanguage, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const about = useQuery({
    queryKey: ["study", study],
    queryFn: ({ signal }) => findStudies(new URLSearchParams({ StudyInstanceUID: study }).toString(), signal),
  });
  const instances = useQuery({
    queryKey: ["instances", study],
    queryFn: ({ signal }) => findInstances(study, signal),
  });
  const sources = useSources();
  const strips = instances.data ? stripsOf(study, instances.data.found) : [];
  const tiles = strips.flatMap((strip) => strip.instances);
  const [chosen, setChosen] = useState<string | null>(null);
  const shown =
    tiles.find(({ instance }) => instance === chosen) ?? tiles.find(({ isPicture }) => isPicture) ?? tiles[0];
  const row = about.data?.found[0] && rowOf(about.data.found[0], words);
  const error = instances.error ?? about.error;
  const next = useRef(() => {});
  next.current = () => setChosen(tiles[(tiles.indexOf(shown as InstanceTile) + 1) % tiles.length]?.instance ?? null);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const writing = event.target instanceof Element && event.target.closest("input, select, textarea");
      if (event.key.toLowerCase() === "n" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        next.current();
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <div className="study-page">
      <StudiesTop onLanguage={onLanguage} onGo={onGo}>
        <GoLink route={{ page: "studies", exam: null }} onGo={onGo}>
          {say("to_studies")}
        </GoLink>
        {row && (
          <>
            <span className="rule" />
            <span className="study-who">
              <b>{[row.name ?? say("study_without_name"), row.person].filter(Boolean).join(" · ")}</b>
              <small>{[row.id, row.date, row.description].filter(Boolean).join(" · ")}</small>
            </span>
          </>
        )}
        {tiles.length > 0 && <SendMenu study={study} strips={strips} />}
      </StudiesTop>
      <DisputedLine study={study} onGo={onGo} />
      <nav className="strips" aria-label={say("images_of_study")}>
        {row?.id && sources !== null && sources.length > 0 && (
          <div className="elsewhere">
            <GoLink route={{ page: "nodes", exam: null, study }} onGo={onGo}>
              {say("nodes_of_patient")}
            </GoLink>
          </div>
        )}
        {strips.map((strip) => (
          <Strip key={strip.uid} strip={strip} chosen={shown?.instance ?? null} onChoose={setChosen} />
        ))}
      </nav>
      {shown?.isPicture ? (
        <Viewer key={shown.instance} tile={shown} />
      ) : (
        <main className="stage-empty">
          {error ? (
            <p className="row" role="alert">
              <Shape status="stop" />
              {say("node_fails", { reason: reasonText(error, words) })}
            </p>
          ) : (
            <p className="hint">{say(shown ? "picture_none" : instances.data ? "study_none" : "loading")}</p>
          )}
        </main>
      )}
      <footer className="status">
        {keysOf(shown, tiles.length).map((key) => (
          <span key={key} className="item" data-key={key}>
            {CAPS[key].map((cap) => (
              <KeyCap key={cap}>{cap}</KeyCap>
            ))}{" "}
            {say(`key_${key}`)}
          </span>
        ))}
      </footer>
    </div>
  );
}

interface StripProps {
  readonly strip: SeriesStrip;
  readonly chosen: string | null;
  readonly onChoose: (instance: string) => void;
}

function Strip({ strip, chosen, onChoose }: StripProps) {
  const { say } = useWords();
  return (
    <section className="strip-of">
      <h2 className="strip-name">
        <span className="modality">{strip.modality ?? "?"}</span>
        <span>{strip.description ?? `${say("series_word")} ${strip.number ?? ""}`}</span>
      </h2>
      <ul className="tiles-of">
        {strip.instances.map((tile, at) => {
          const name = say("image_number", { number: tile.number ?? at + 1 });
          return (
            <li key={tile.instance}>
              <button
                type="button"
                className="image-tile"
                aria-pressed={tile.instance === chosen}
                data-instance={tile.instance}
                onClick={() => onChoose(tile.instance)}
              >
                {tile.isPicture ? (
                  <Thumbnail source={thumbnailOf(tile.study, tile.series, tile.instance, 192)} name="" />
                ) : (
                  <span className="thumb none">{tile.modality}</span>
                )}
                <span className="image-number">
                  <span className="hidden">{name}</span>
                  <span aria-hidden="true">{tile.number ?? at + 1}</span>
                </span>
                {tile.frames > 1 && <span className="image-frames">{say("frames_count", { count: tile.frames })}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
