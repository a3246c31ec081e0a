import { useEffect, useRef, useState } from "react";
import type { LightName, LightState } from "../api/wire";
import type { captureAdvice } from "../capture/useCapture";
import type { Scene } from "../live/examination";
import { sentences } from "../words/marks";
import { useWords } from "../words/words";
import { type Advice, adviceOf } from "./advice";
import { Shape } from "./shapes";

/** The fixed order, also before the first frame says so. */
const ORDER: readonly LightName[] = ["contact", "gain", "sharp", "speed", "depth", "whole", "colour"];

interface Props {
  readonly scene: Scene;
  /** What is to be said of this browser's own capture. */
  readonly capture: ReturnType<typeof captureAdvice>;
  readonly onTakeOver: () => void;
  readonly onTakeCapture: () => void;
}

export function QualityBar({ scene, capture, onTakeOver, onTakeCapture }: Props) {
  const words = useWords();
  // Without a capture there is no picture to say anything of.
  const advice: Advice | null = capture
    ? { status: capture.severity, title: words.say(capture.says), detail: words.say(capture.does) }
    : adviceOf(scene, words);
  const old = scene.phase === "lost" || scene.phase === "waiting" || scene.phase === "ended";
  const stateOf = (name: LightName): LightState =>
    (old ? undefined : scene.update?.lights.find((light) => light.name === name)?.state) ?? "off";
  return (
    <div className="quality">
      <ul className="lights" aria-label={words.say("lights")}>
        {ORDER.map((name) => {
          const state = stateOf(name);
          return (
            <li
              key={name}
              data-light={name}
              data-state={state}
              className={state === "warn" || state === "stop" ? "hot" : ""}
            >
              <span className="shapes">
                <span className="settle" key={state}>
                  <Shape status={state} />
                </span>
              </span>
              {words.say(`light_${name}`)}
              <span className="hidden"> {words.say(`is_${state}`)}</span>
            </li>
          );
        })}
      </ul>
      {advice ? (
        <div className={`advice ${advice.status}`} data-advice={advice.status}>
          <Shape status={advice.status} />
          <div>
            <p className="said" title={advice.title}>
              {advice.title}
            </p>
            {advice.detail && <p className="why">{advice.detail}</p>}
          </div>
          {capture?.mayTakeOver && (
            <button type="button" className="button small" data-action="take-capture" onClick={onTakeCapture}>
              {words.say("take_over")}
            </button>
          )}
          {!capture && scene.concern === "watching" && (
            <button type="button" className="button small" data-action="take-over" onClick={onTakeOver}>
              {words.say("take_over")}
            </button>
          )}
        </div>
      ) : (
        <div className="advice empty" />
      )}
      <Spoken advice={advice} />
    </div>
  );
}

const SPEAK_EVERY_MS = 3000;

/** The advice for screen readers: at most one message in three seconds, a stop at once. */
function Spoken({ advice }: { readonly advice: Advice | null }) {
  const [polite, setPolite] = useState("");
  const spokenAt = useRef(Number.NEGATIVE_INFINITY);
  const { language } = useWords();
  const whole = sentences([advice?.title ?? "", advice?.detail ?? ""], language);
  const stop = advice?.status === "stop" ? whole : "";
  const figures = /\d/.test(advice?.detail ?? "");
  const calm = advice && advice.status !== "stop" ? (figures ? advice.title : whole) : "";
  const title = advice?.title ?? "";
  // Figures change with each frame; only a new sentence is news, so the sentence's title is what is waited for.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `calm` follows `title` and its figures would speak again.
  useEffect(() => {
    const wait = Math.max(0, spokenAt.current + SPEAK_EVERY_MS - performance.now());
    const timer = setTimeout(() => {
      spokenAt.current = performance.now();
      setPolite(calm);
    }, wait);
    return () => clearTimeout(timer);
  }, [title]);
  return (
    <>
      <div className="hidden" aria-live="polite">
        {polite}
      </div>
      <div className="hidden" aria-live="assertive">
        {stop}
      </div>
    </>
  );
}
