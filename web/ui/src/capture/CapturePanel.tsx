/** Which device is captured, and how that goes. It opens beside the picture and interrupts nothing. */
import { useEffect, useRef, useState } from "react";
import { Panel } from "../parts/Panels";
import { Shape, type Status } from "../parts/shapes";
import { useWords } from "../words/words";
import "./capture.css";
import type { Capture, CaptureScene } from "./capture";
import type { Choice } from "./device";
import { type CapturePhase, mayTakeOver, SEVERITY } from "./phase";

interface CapturePanelProps {
  readonly capture: Pick<Capture, "startCamera" | "startScreen" | "stop" | "takeOver" | "list">;
  readonly scene: CaptureScene;
  /** The pictures come from another window. */
  readonly elsewhere?: boolean;
  /** Nothing of the examination has been captured yet: to begin is the next action. */
  readonly first?: boolean;
  readonly onClose: () => void;
}

export function CapturePanel({ capture, scene, elsewhere = false, first = false, onClose }: CapturePanelProps) {
  const words = useWords();
  const [large, setLarge] = useState(false);
  const { phase, track } = scene;
  const runs = phase !== "idle" && phase !== "denied" && phase !== "missing" && phase !== "unsupported";
  return (
    <Panel title={words.say("capture_title")} onClose={onClose}>
      <div className="capture">
        <Preview track={track} large={large} />
        <CaptureState scene={scene} elsewhere={elsewhere} />
        <div className="row actions">
          {mayTakeOver(phase) && (
            <button type="button" className="button" data-action="capture-take-over" onClick={() => capture.takeOver()}>
              {words.say("take_over")}
            </button>
          )}
          {runs ? (
            <button type="button" className="button" data-action="capture-stop" onClick={() => capture.stop()}>
              {words.say("capture_stop")}
            </button>
          ) : (
            <button
              type="button"
              className={first ? "button next" : "button"}
              data-action="capture-any"
              onClick={() => capture.startCamera(null)}
            >
              {words.say("capture_start")}
            </button>
          )}
          <button type="button" className="button" data-action="capture-screen" onClick={() => capture.startScreen()}>
            {words.say("capture_screen")}
          </button>
          <span className="space" />
          <button
            type="button"
            className={large ? "button small on" : "button small"}
            aria-pressed={large}
            onClick={() => setLarge((on) => !on)}
          >
            {words.say("capture_large")}
          </button>
        </div>
        <Devices scene={scene} onChoose={(choice) => capture.startCamera(choice)} onList={() => capture.list()} />
      </div>
    </Panel>
  );
}

function Preview({ track, large }: { readonly track: MediaStreamTrack | null; readonly large: boolean }) {
  const words = useWords();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) {
      video.current.srcObject = track ? new MediaStream([track]) : null;
    }
  }, [track]);
  return (
    <div className={large ? "preview large" : "preview"}>
      {track ? (
        <video ref={video} autoPlay muted playsInline aria-label={words.say("capture_preview")} />
      ) : (
        <span className="quiet">{words.say("capture_no_picture")}</span>
      )}
    </div>
  );
}

function CaptureState({ scene, elsewhere }: Required<Pick<CapturePanelProps, "scene" | "elsewhere">>) {
  const words = useWords();
  const { phase, label, figures, again } = scene;
  const state = phase !== "idle" ? phase : elsewhere ? "watched" : again ? (`again_${again.kind}` as const) : phase;
  return (
    <div className="state" aria-live="polite">
      <Shape status={statusOf(phase)} />
      <div>
        <p className="mid">{words.say(`capture_${state}`)}</p>
        <p className="quiet">
          {phase === "capturing" && figures
            ? words.say("capture_figures", {
                width: figures.width,
                height: figures.height,
                rate: figures.rate.toFixed(0),
                missed: figures.passedOver,
              })
            : words.say(`capture_${state}_do`)}
        </p>
        {label && <p className="quiet label">{label}</p>}
      </div>
    </div>
  );
}

function statusOf(phase: CapturePhase): Status {
  return phase === "capturing" ? "ok" : (SEVERITY[phase] ?? "off");
}

interface DevicesProps {
  readonly scene: CaptureScene;
  readonly onChoose: (choice: Choice) => void;
  readonly onList: () => void;
}

function Devices({ scene, onChoose, onList }: DevicesProps) {
  const words = useWords();
  const { choices, label, kind } = scene;
  return (
    <fieldset className="devices">
      <legend>{words.say("capture_devices")}</legend>
      {choices.length === 0 && (
        <p className="quiet">
          {words.say("capture_no_devices")}{" "}
          <button type="button" className="button small" onClick={onList}>
            {words.say("capture_look_again")}
          </button>
        </p>
      )}
      {choices.map((choice, place) => {
        const on = kind === "camera" && choice.label !== "" && choice.label === label;
        return (
          <button
            type="button"
            key={choice.deviceId}
            className={on ? "button on" : "button"}
            aria-pressed={on}
            onClick={() => onChoose(choice)}
          >
            <span className="word">{choice.label || words.say("capture_unnamed", { number: place + 1 })}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
