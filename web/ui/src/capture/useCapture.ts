/** The capture of an examination, as long as a page shows it. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { bitmapsOf } from "./bitmaps";
import { type Browser, Capture, type CaptureScene } from "./capture";
import { memoryOf } from "./memory";
import { mayTakeOver, SEVERITY } from "./phase";

interface Processor {
  readonly readable: ReadableStream<unknown>;
}
type ProcessorMaker = new (init: { readonly track: MediaStreamTrack; readonly maxBufferSize: number }) => Processor;

function browser(): Browser {
  const { MediaStreamTrackProcessor: Maker } = window as { readonly MediaStreamTrackProcessor?: ProcessorMaker };
  return {
    // Missing where the page is not from this machine and not secure, whatever the types say.
    media: (navigator.mediaDevices as MediaDevices | undefined) ?? null,
    worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "peony-capture" }),
    framesOf: Maker ? (track) => new Maker({ track, maxBufferSize: 1 }).readable : null,
    bitmapsOf,
  };
}

/** Where the pictures of an examination go. */
export function captureUrl(examId: string, page: string): string {
  const url = new URL("/capture", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("exam", examId);
  return url.href;
}

export interface UsedCapture {
  readonly capture: Capture;
  readonly scene: CaptureScene;
}

/** It goes on while panels open and close, and ends with the page or with another examination. */
export function useCapture(examId: string): UsedCapture {
  const capture = useMemo(
    () => new Capture(browser(), captureUrl(examId, window.location.href), memoryOf(examId)),
    [examId],
  );
  useEffect(() => {
    capture.list();
    return () => capture.dispose();
  }, [capture]);
  const scene = useSyncExternalStore(capture.subscribe, capture.getScene);
  return { capture, scene };
}

/**
 * What the advice line says of the capture: severity and the keys of its words; `null` when all is well. That nothing is captured is
 * well where the pictures come from another window: `wanted` says that they do not.
 */
export function captureAdvice({ phase, again }: CaptureScene, wanted = false) {
  if (phase === "idle" && wanted) {
    const says = again ? (`capture_again_${again.kind}` as const) : "capture_idle";
    return { severity: again ? "warn" : "info", says, does: `${says}_do`, mayTakeOver: false } as const;
  }
  const severity = SEVERITY[phase];
  return (
    severity &&
    ({ severity, says: `capture_${phase}`, does: `capture_${phase}_do`, mayTakeOver: mayTakeOver(phase) } as const)
  );
}
