import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { Examination } from "../live/examination";
import { type Action, commands, isFor, useKeys } from "../live/keys";
import { rememberedLanguage, rememberLanguage, rememberSingleKeys, singleKeysAct } from "../words/preferences";
import { type Language, WordsContext, wordsIn } from "../words/words";
import { Dock } from "./Dock";
import { KeyPlanes } from "./KeyPlanes";
import { Lesions } from "./Lesions";
import { FaultsPanel, KeysPanel } from "./Panels";
import { Picture } from "./Picture";
import { QualityBar } from "./QualityBar";
import { Report } from "./Report";
import { StatusStrip } from "./StatusStrip";
import { ThirdDimension } from "./ThirdDimension";
import { TopBar } from "./TopBar";

/** The live examination: what the program says, and the few choices that belong to this browser. */
export function LivePage({ examination }: { readonly examination: Examination }) {
  const scene = useSyncExternalStore(examination.subscribe, examination.getScene);
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const [marks, setMarks] = useState(true);
  const [big, setBig] = useState(false);
  const [panel, setPanel] = useState<"faults" | "keys" | null>(null);
  const [singleKeys, setSingleKeys] = useState(singleKeysAct);
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const words = useMemo(() => wordsIn(language), [language]);

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = words.say("page_title");
    rememberLanguage(language);
  }, [language, words]);

  const onAction = useCallback(
    (action: Action): void => {
      const { update, current, hello, watching } = examination.getScene();
      if (!isFor(hello?.source, action) || (watching && commands(action))) {
        return;
      }
      const open = (which: "faults" | "keys"): void => setPanel((before) => (before === which ? null : which));
      const acts: Readonly<Record<Action, () => void>> = {
        marks: () => setMarks((on) => !on),
        keep: () => examination.send({ command: "keep_plane", track: current }),
        side: () => examination.send({ command: "set_side", side: update?.state.side === "left" ? "right" : "left" }),
        next: () => examination.chooseNext(),
        dismiss: () => current !== null && examination.send({ command: "dismiss", track: current }),
        undo: () => examination.send({ command: "undo" }),
        big: () => setBig((on) => !on),
        faults: () => open("faults"),
        keys: () => open("keys"),
        pause: () => examination.send({ command: "set_paused", paused: !update?.state.paused }),
        truth: () => examination.send({ command: "show_truth", on: !update?.state.show_truth }),
        sweep: () => examination.send({ command: "restart" }),
      };
      acts[action]();
    },
    [examination],
  );
  useKeys({
    onAction,
    onLesion: (index) => {
      const letter = String.fromCharCode("A".charCodeAt(0) + index);
      const track = scene.update?.tracks.find((view) => view.letter === letter && !view.dismissed);
      if (track) {
        examination.choose(track.id);
      }
    },
    onEscape: () => setPanel(null),
    singleKeys,
  });

  return (
    <WordsContext value={words}>
      <div className={`live ${big ? "big" : ""}`}>
        <TopBar scene={scene} onLanguage={setLanguage} />
        <main className="rooms">
          <KeyPlanes examination={examination} scene={scene} />
          <section className="stage">
            <QualityBar scene={scene} onTakeOver={() => examination.send({ command: "take_over" })} />
            <Picture examination={examination} scene={scene} marks={marks} onCanvas={setCanvas} />
          </section>
          <aside className="side" aria-label={words.say("lesions")}>
            <ThirdDimension scene={scene} picture={canvas} />
            <Lesions examination={examination} scene={scene} />
            <Report scene={scene} />
          </aside>
          {panel === "faults" && (
            <FaultsPanel
              scene={scene}
              onCommand={(command) => examination.send(command)}
              onClose={() => setPanel(null)}
            />
          )}
          {panel === "keys" && (
            <KeysPanel
              source={scene.hello?.source}
              singleKeys={singleKeys}
              onSingleKeys={(act) => {
                setSingleKeys(act);
                rememberSingleKeys(act);
              }}
              onClose={() => setPanel(null)}
            />
          )}
        </main>
        <Dock scene={scene} state={{ marks, big, panel }} onAction={onAction} />
        <StatusStrip scene={scene} />
      </div>
    </WordsContext>
  );
}
