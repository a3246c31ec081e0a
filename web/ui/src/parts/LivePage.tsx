import { replaceEqualDeep } from "@tanstack/query-core";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { CapturePanel } from "../capture/CapturePanel";
import { captureAdvice, type UsedCapture } from "../capture/useCapture";
import type { Act, Side } from "../exam/api";
import { type EvidentPlane, evidentPlanes, planeKey } from "../exam/evidence";
import type { ExamState } from "../exam/store";
import { type Answer, pressing } from "../live/again";
import { unlisted } from "../live/current";
import { isSigned } from "../live/entrance";
import type { Examination } from "../live/examination";
import { type Action, commands, isFor, useKeys } from "../live/keys";
import { wasScanned } from "../live/next";
import { pedalsOf, textOf } from "../live/pedals";
import { type Question, questionOf } from "../live/question";
import { PlacePanel } from "../map/PlacePanel";
import { saying } from "../review/context";
import { hoursNamed, scannedStrips } from "../review/mapped";
import { refusalWord } from "../review/refusal";
import { rememberedPedals, rememberPedals, rememberSingleKeys, singleKeysAct } from "../words/preferences";
import { type Language, useWords } from "../words/words";
import { CalibratePanel } from "./CalibratePanel";
import { CoronalLarge } from "./CoronalLarge";
import { DepthPanel } from "./DepthPanel";
import { Dock, type LivePanel } from "./Dock";
import { KeyPlanes } from "./KeyPlanes";
import { LiveInset } from "./Large";
import { Lesions } from "./Lesions";
import { LiveMap, liveLesions } from "./LiveMap";
import { FaultsPanel, KeysPanel } from "./Panels";
import { Picture } from "./Picture";
import { PlaceQuestion } from "./PlaceQuestion";
import { PlaneLarge } from "./PlaneLarge";
import { QualityBar } from "./QualityBar";
import { Report } from "./Report";
import { StatusStrip } from "./StatusStrip";
import { ThirdDimension } from "./ThirdDimension";
import { TopBar } from "./TopBar";

interface Props {
  readonly examination: Examination;
  /** The report that grows beside the picture, where the program keeps one. */
  readonly exam: ExamState;
  /** What this browser captures; `null` where the frames come from elsewhere. */
  readonly capture: UsedCapture | null;
  readonly onAct: (act: Act) => void;
  readonly onLanguage: (language: Language) => void;
  readonly onFinish: () => void;
  readonly onHome: () => void;
}

/** What lies large over the stage. */
type LargeView = { readonly kind: "coronal" } | { readonly kind: "plane"; readonly key: string };

/** The first key plane of a lesion, or of any. */
function firstPlane(planes: readonly EvidentPlane[], lesion: number | null): LargeView | null {
  const first = planes.find(({ plane }) => plane.lesion === lesion) ?? planes[0];
  return first ? { kind: "plane", key: planeKey(first.plane) } : null;
}

/** The live examination: what the program says, and the few choices that belong to this browser. */
export function LivePage({ examination, exam, capture, onAct, onLanguage, onFinish, onHome }: Props) {
  const scene = useSyncExternalStore(examination.subscribe, examination.getScene);
  const words = useWords();
  const { view } = exam;
  const [marks, setMarks] = useState(true);
  const [big, setBig] = useState(false);
  const [panel, setPanel] = useState<LivePanel | null>(null);
  const [large, setLarge] = useState<LargeView | null>(null);
  const openPlane = useCallback((key: string) => setLarge({ kind: "plane", key }), []);
  // Where no other window gives the pictures, nothing is seen until this one captures.
  const wanted = capture !== null && !scene.watching && (scene.phase === "first" || scene.phase === "waiting");
  const elsewhere = scene.watching || scene.phase === "scanning" || scene.phase === "frozen";
  const choosing = wanted && capture.scene.phase === "idle" && capture.scene.again === null;
  const captured = scene.update !== null || (view !== null && wasScanned(view.report));
  const toggleSweep = useRef<(() => void) | null>(null);
  const [singleKeys, setSingleKeys] = useState(singleKeysAct);
  const [pedals, setPedals] = useState(() => pedalsOf(rememberedPedals()));
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const evident = useMemo(() => (view ? evidentPlanes(view.report) : []), [view]);
  const probe = scene.update?.state.probe ?? null;
  const has = useMemo(() => ({ source: scene.hello?.source, report: view !== null }), [scene.hello, view]);

  useEffect(() => {
    document.title = words.say("page_title");
  }, [words]);

  const { refusal } = exam;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is said once, and not with each report.
  useEffect(() => {
    if (refusal && view) {
      examination.notTaken(refusalWord(refusal));
    }
  }, [examination, refusal]);

  // Behind every other panel stands the choice of a device, as long as nothing is captured.
  const close = useCallback(
    () => setPanel((before) => (choosing && before !== "capture" ? "capture" : null)),
    [choosing],
  );
  const onAction = useCallback(
    (action: Action): void => {
      const { update, current, watching } = examination.getScene();
      if (!isFor(has, action) || (watching && commands(action))) {
        return;
      }
      const answer = (to: Answer): void => {
        const inSight = !big && panel === null;
        const pressed = pressing({ tracks: update?.tracks ?? [], current, inSight }, to);
        if (!pressed) {
          return;
        }
        if (!inSight) {
          setBig(false);
          close();
        }
        examination.press(pressed);
      };
      const open = (which: LivePanel): void => (panel === which ? close() : setPanel(which));
      const acts: Readonly<Record<Action, () => void>> = {
        marks: () => setMarks((on) => !on),
        // With the panel open the same key, and the same pedal, begins and ends a sweep.
        keep: () =>
          panel === "calibrate" ? toggleSweep.current?.() : examination.send({ command: "keep_plane", track: current }),
        side: () =>
          examination.send({ command: "set_side", side: update?.state.probe?.side === "right" ? "left" : "right" }),
        place: () => open("place"),
        next: () => examination.chooseNext(),
        dismiss: () => current !== null && examination.send({ command: "dismiss", track: current }),
        again: () => answer("again"),
        another: () => answer("another"),
        undo: () => examination.send({ command: "undo" }),
        big: () => setBig((on) => !on),
        faults: () => open("faults"),
        keys: () => open("keys"),
        pause: () => examination.send({ command: "set_paused", paused: !update?.state.paused }),
        truth: () => examination.send({ command: "show_truth", on: !update?.state.show_truth }),
        sweep: () => examination.send({ command: "restart" }),
        capture: () => open("capture"),
        depth: () => open("depth"),
        calibrate: () => open("calibrate"),
        third: () => setLarge((before) => (before?.kind === "coronal" ? null : { kind: "coronal" })),
        plane: () => setLarge((before) => (before?.kind === "plane" ? null : firstPlane(evident, current))),
        finish: onFinish,
      };
      acts[action]();
    },
    [examination, has, onFinish, big, panel, close, evident],
  );
  const openPlace = useCallback(() => onAction("place"), [onAction]);
  const [sideOnly, setSideOnly] = useState<Side | null>(null);
  const tracks = scene.update?.tracks;
  const beyond =
    view && tracks && exam.exam === scene.update?.state.exam ? unlisted(view.report.lesions, tracks).length : 0;
  const former = useRef<Question | null>(null);
  // Who only watches cannot answer, without a picture nothing is scanned, and on the open map it is being answered. The same
  // question is the same object.
  former.current = replaceEqualDeep(
    former.current,
    view && tracks && !scene.watching && panel !== "place"
      ? questionOf({ tracks, lesions: view.report.lesions, probe, sideOnly })
      : null,
  );
  const asked = former.current;
  const question = useMemo(
    () =>
      asked && (
        <PlaceQuestion
          question={asked}
          onSide={(side) => examination.send({ command: "set_side", side })}
          onMap={openPlace}
          onHere={({ lesion, place }) => onAct(saying(lesion, { field: "place", value: place }))}
        />
      ),
    [asked, examination, openPlace, onAct],
  );
  useCapturePanel(choosing, wanted, setPanel);
  useKeys({
    onAction,
    onLesion: (index) => {
      const letter = String.fromCharCode("A".charCodeAt(0) + index);
      const track = scene.update?.tracks.find((view) => view.letter === letter && !view.dismissed);
      if (track) {
        examination.choose(track.id);
      }
    },
    onEscape: () => (large ? setLarge(null) : close()),
    singleKeys,
    pedals,
  });

  return (
    <div className={`live ${big ? "big" : ""}`}>
      <TopBar
        {...{ scene, exam, onLanguage, onHome }}
        onCalibrate={panel === "calibrate" || scene.watching ? null : () => onAction("calibrate")}
      />
      <main className="rooms">
        <KeyPlanes examination={examination} scene={scene} onOpen={openPlane} />
        <section className="stage">
          <QualityBar
            scene={scene}
            capture={capture && captureAdvice(capture.scene, wanted)}
            onTakeOver={() => examination.send({ command: "take_over" })}
            onTakeCapture={() => capture?.capture.takeOver()}
          />
          <div className="stage-room">
            <Picture {...{ examination, scene, marks, capture, wanted }} onCanvas={setCanvas} />
            {large?.kind === "coronal" && (
              <CoronalLarge scene={scene} picture={canvas} marks={marks} onClose={() => setLarge(null)} />
            )}
            {large?.kind === "plane" && exam.exam !== null && (
              <PlaneLarge
                exam={exam.exam}
                planes={evident}
                open={large.key}
                marks={marks}
                current={scene.current}
                onOpen={openPlane}
                onClose={() => setLarge(null)}
              >
                <LiveInset picture={canvas} frame={scene.update?.frame ?? 0} />
              </PlaneLarge>
            )}
          </div>
        </section>
        <aside className="side" aria-label={words.say("lesions")}>
          {view ? (
            <div className="side-row">
              <LiveMap current={scene.current} view={view} probe={probe} question={question} onOpen={openPlace} />
              <ThirdDimension scene={scene} picture={canvas} narrow={true} onOpen={() => onAction("third")} />
            </div>
          ) : (
            <ThirdDimension scene={scene} picture={canvas} onOpen={() => onAction("third")} />
          )}
          <Lesions examination={examination} scene={scene} beyond={beyond} />
          <Report current={scene.current} view={view} signed={isSigned(view)} />
        </aside>
        {panel === "faults" && (
          <FaultsPanel scene={scene} onCommand={(command) => examination.send(command)} onClose={close} />
        )}
        {panel === "place" && view && (
          <PlacePanel
            title={words.say("place_of_probe")}
            place={probe}
            side={probe?.side ?? "right"}
            probe={probe}
            lesions={liveLesions(view, scene.current)}
            named={hoursNamed(view.report)}
            strips={scannedStrips(view.report)}
            onPlace={(place) => {
              setSideOnly(place.clock === null ? place.side : null);
              examination.send({ command: "set_probe", place });
            }}
            onClose={close}
          />
        )}
        {panel === "depth" && (
          <DepthPanel
            update={scene.update}
            onCommand={(command) => examination.send(command)}
            onCalibrate={isFor(has, "calibrate") && !scene.watching ? () => setPanel("calibrate") : null}
            onClose={close}
          />
        )}
        {panel === "calibrate" && exam.exam !== null && (
          <CalibratePanel
            exam={exam.exam}
            hasScale={scene.update?.mm_per_px !== null && scene.update !== null}
            toggle={toggleSweep}
            onDepth={() => setPanel("depth")}
            onClose={close}
          />
        )}
        {panel === "capture" && capture && (
          <CapturePanel
            capture={capture.capture}
            scene={capture.scene}
            elsewhere={elsewhere}
            first={!captured && !scene.watching}
            onClose={close}
          />
        )}
        {panel === "keys" && (
          <KeysPanel
            has={has}
            singleKeys={singleKeys}
            onSingleKeys={(act) => {
              setSingleKeys(act);
              rememberSingleKeys(act);
            }}
            pedals={pedals}
            onPedals={(taught) => {
              setPedals(taught);
              rememberPedals(textOf(taught));
            }}
            onClose={close}
          />
        )}
      </main>
      {/* Where the map is out of sight, what it asks stands beside the actions. */}
      <Dock {...{ scene, has, captured, question, onAction }} state={{ marks, big, panel }} />
      <StatusStrip scene={scene} />
    </div>
  );
}

/** Longer than the program takes to send a picture that another window gave it: the choice does not open for a moment only, ms. */
const SETTLED_MS = 600;

/** The choice of a device opens by itself where there is one to make, and closes when pictures come. */
function useCapturePanel(
  choosing: boolean,
  wanted: boolean,
  setPanel: (change: (before: LivePanel | null) => LivePanel | null) => void,
): void {
  useEffect(() => {
    if (choosing) {
      const timer = setTimeout(() => setPanel((before) => before ?? "capture"), SETTLED_MS);
      return () => clearTimeout(timer);
    }
    if (!wanted) {
      setPanel((before) => (before === "capture" ? null : before));
    }
    return;
  }, [choosing, wanted, setPanel]);
}
