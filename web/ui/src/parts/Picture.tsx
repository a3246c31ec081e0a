import { type ReactNode, useEffect, useRef } from "react";
import type { UsedCapture } from "../capture/useCapture";
import type { Examination, Scene } from "../live/examination";
import { Stage } from "../picture/stage";
import { useWords } from "../words/words";
import { endedWord, oldWord } from "./advice";

interface Props {
  readonly examination: Examination;
  readonly scene: Scene;
  readonly marks: boolean;
  /** What this browser captures; `null` where the frames come from elsewhere. */
  readonly capture: UsedCapture | null;
  /** No pictures come from another window: nothing is seen until this one captures. */
  readonly wanted: boolean;
  /** Tells where the grey picture is, for the newest plane of the 3-D view. */
  readonly onCanvas: (canvas: HTMLCanvasElement | null) => void;
}

/** The stage: two canvases that React never draws on, and what is said over an old picture. */
export function Picture({ examination, scene, marks, capture, wanted, onCanvas }: Props) {
  const words = useWords();
  const root = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const look = useRef({ words, marks });
  look.current = { words, marks };

  useEffect(() => {
    if (!root.current || !picture.current || !overlay.current) {
      return;
    }
    const box = root.current;
    const made = new Stage({ stage: box, picture: picture.current, marks: overlay.current }, look.current);
    stage.current = made;
    const resize = (): void => {
      made.resize(box.clientWidth, box.clientHeight);
      examination.repaint();
    };
    made.resize(box.clientWidth, box.clientHeight);
    examination.setPainter(made);
    onCanvas(picture.current);
    const watcher = new ResizeObserver(resize);
    watcher.observe(box);
    return () => {
      watcher.disconnect();
      examination.setPainter(null);
      onCanvas(null);
    };
  }, [examination, onCanvas]);

  useEffect(() => {
    stage.current?.setLook({ words, marks });
    examination.repaint();
  }, [examination, words, marks]);

  const { phase, update } = scene;
  return (
    <div
      className={`picture ${update ? "" : "no-picture"} ${phase}`}
      ref={root}
      data-frame={update?.frame}
      data-sweep={update?.state.sweep}
    >
      <canvas ref={picture} className="grey" role="img" aria-label={words.say("picture_label")} />
      <div className="edge" aria-hidden="true" />
      <div aria-hidden="true">
        <canvas ref={overlay} className="overlay" />
      </div>
      <Sign {...{ scene, capture, wanted }} />
    </div>
  );
}

/** What is said over a picture that is old; a resting one is told by its edge and the advice line. */
function Sign({ scene, capture, wanted }: Pick<Props, "scene" | "capture" | "wanted">): ReactNode {
  const { say } = useWords();
  const { phase, update, oldFor } = scene;
  const again = wanted ? (capture?.scene.again ?? null) : null;
  if (capture && again) {
    return (
      <div className="sign old">
        {update && <p className="large">{say("old_picture", { seconds: Math.max(1, oldFor) })}</p>}
        <p>{say(`capture_again_${again.kind}_do`)}</p>
        <button
          type="button"
          className="button next"
          data-action="capture-again"
          onClick={() => capture.capture.startAgain()}
        >
          {again.kind === "camera"
            ? say("capture_again_camera_press", { name: again.label || say("capture_title") })
            : say("capture_again_screen_press")}
        </button>
      </div>
    );
  }
  if (!update) {
    const word = wanted && capture?.scene.phase === "idle" ? "capture_idle_do" : "no_picture_yet";
    return phase === "lost" ? null : <p className="sign first">{say(phase === "connecting" ? "loading" : word)}</p>;
  }
  if (phase === "lost" || phase === "waiting") {
    return (
      <div className="sign old">
        <p className="large">{say("old_picture", { seconds: Math.max(1, oldFor) })}</p>
        <p>{say(oldWord(scene, capture?.scene.phase ?? null))}</p>
      </div>
    );
  }
  if (phase === "ended") {
    return (
      <div className="sign old">
        <p className="large">{say("ended_advice")}</p>
        <p>{say(endedWord(scene))}</p>
      </div>
    );
  }
  return null;
}
