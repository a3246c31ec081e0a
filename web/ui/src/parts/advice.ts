/** The advice line: one sentence at a time, the worst first. */
import type { Issue, LiveUpdate } from "../api/wire";
import type { Scene } from "../live/examination";
import { figure, percent, probability } from "../words/numbers";
import type { Words } from "../words/words";
import type { Status } from "./shapes";

export interface Advice {
  readonly status: Extract<Status, "info" | "warn" | "stop">;
  readonly title: string;
  readonly detail: string;
}

/** What is said now; `null` when all is well. */
export function adviceOf(scene: Scene, words: Words): Advice | null {
  return aboutLink(scene, words) ?? aboutPicture(scene, words) ?? aboutProgram(scene, words);
}

function aboutLink({ phase, waiting }: Scene, { say }: Words): Advice | null {
  if (phase === "lost") {
    const detail = waiting > 0 ? say("lost_waiting", { count: waiting }) : say("lost_do");
    return { status: "stop", title: say("lost_advice"), detail };
  }
  if (phase === "connecting") {
    return { status: "info", title: say("connecting_advice"), detail: "" };
  }
  if (phase === "paused") {
    return { status: "info", title: say("paused_picture"), detail: say("paused_picture_do") };
  }
  return phase === "waiting" ? { status: "stop", title: say("stalled_advice"), detail: say("stalled_do") } : null;
}

/** The program orders the faults: the first is the worst and, among equals, the oldest. */
function aboutPicture({ update, notice, lost }: Scene, words: Words): Advice | null {
  // The page counts losses too, its own among them, and says what to do: one sentence for one thing.
  const worst = update?.quality.find((issue) => lost === null || issue.code !== "frames_dropped");
  if (update && worst && (worst.severity !== "info" || notice === null)) {
    return { status: worst.severity, title: worst.advice[words.language], detail: detailOf(worst, update, words) };
  }
  return null;
}

function detailOf(issue: Issue, update: LiveUpdate, { say, language }: Words): string {
  if (issue.code === "contact_lost" && update.contact_lost) {
    return say(`contact_${update.contact_lost}`);
  }
  if (issue.code === "frozen") {
    return say("frozen_picture_do");
  }
  if (!issue.figure) {
    return "";
  }
  const { measured, limit, unit } = issue.figure;
  if (issue.code === "frames_dropped") {
    const share = (value: number): string => percent(probability(value), language);
    return say("figure_limit", { measured: share(measured), limit: share(limit) });
  }
  const figures = { measured: figure(measured, unit), limit: figure(limit, unit) };
  return say(measured > limit && unit !== null ? "figure_keep_under" : "figure_limit", figures);
}

function aboutProgram({ notice, lost, hello }: Scene, { say, language }: Words): Advice | null {
  if (notice) {
    return { status: "info", title: say(notice), detail: "" };
  }
  if (lost !== null) {
    const share = percent(probability(lost), language);
    return { status: "warn", title: say("behind_advice", { share }), detail: say("behind_do") };
  }
  return hello && !hello.model ? { status: "info", title: say("no_model"), detail: say("no_model_do") } : null;
}
