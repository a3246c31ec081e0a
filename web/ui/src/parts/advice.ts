/** The advice line in words: one sentence at a time, about what is foremost now. */
import type { Issue, LiveUpdate, Severity } from "../api/wire";
import type { CapturePhase } from "../capture/phase";
import { type ConcernKey, OWN, type OwnConcern } from "../live/concerns";
import type { Scene } from "../live/examination";
import { isCaptured, isDevice, isPlayed, sourceName } from "../live/source";
import { figure, percent, probability } from "../words/numbers";
import type { WordKey, Words } from "../words/words";

export interface Advice {
  readonly status: Severity;
  readonly title: string;
  readonly detail: string;
}

/** What is said now; `null` when all is well. */
export function adviceOf(scene: Scene, words: Words): Advice | null {
  const { concern, update } = scene;
  if (concern === null) {
    return null;
  }
  if (isOwn(concern)) {
    const [title, detail] = OWN_WORDS[concern](scene, words);
    return { status: OWN[concern], title, detail };
  }
  const issue = update?.quality.find(({ code }) => code === concern);
  return update && issue
    ? { status: issue.severity, title: issue.advice[words.language], detail: detailOf(issue, update, words) }
    : null;
}

function isOwn(key: ConcernKey): key is OwnConcern {
  return key in OWN;
}

type Wording = (scene: Scene, words: Words) => readonly [title: string, detail: string];

const OWN_WORDS: Readonly<Record<OwnConcern, Wording>> = {
  lost: (scene, { say }) => [say("lost_advice"), lostDetail(scene, say)],
  waiting: (scene, { say }) => {
    const { hello } = scene;
    return hello && isDevice(hello.source)
      ? [say("stalled_device", { name: sourceName(hello.source, say) }), say(deviceWord(scene, "stalled_device_do"))]
      : [say("stalled_advice"), say(isPlayed(hello?.source) ? "stalled_plays_do" : "stalled_do")];
  },
  model_failed: (_, { say }) => [say("model_failed"), say("model_failed_do")],
  not_saved: ({ update }, { say }) => {
    const why = update?.state.not_saved ?? "refused";
    return [
      say(`not_saved_${why}`),
      [say(`not_saved_${why}_do`), droppedPlanes(update, say)].filter(Boolean).join(" "),
    ];
  },
  first: (scene, { say }) => {
    const { hello } = scene;
    return hello && isDevice(hello.source)
      ? [say("first_device", { name: sourceName(hello.source, say) }), say(deviceWord(scene, "first_device_do"))]
      : [say("no_picture_yet"), ""];
  },
  ended: (scene, { say }) => [say("ended_advice"), say(endedWord(scene))],
  watching: ({ notFollowed }, { say }) => [say("watching_advice"), notFollowed ? say("watching_not_followed") : ""],
  behind: ({ lost }, { say, language }) => [
    say("behind_advice", { share: percent(probability(lost ?? 0), language) }),
    say("behind_do"),
  ],
  connecting: (_, { say }) => [say("connecting_advice"), ""],
  paused: ({ hello }, { say }) => [
    say("paused_picture"),
    say(hello?.source.can_restart ? "paused_restart_do" : "paused_picture_do"),
  ],
  notice: ({ notice }, { say }) =>
    notice ? [say(notice.says, notice.fillings), notice.does ? say(notice.does) : ""] : ["", ""],
  no_model: (_, { say }) => [say("no_model"), say("no_model_do")],
};

/** Which of the machine's planes are gone because the disk took nothing for too long; empty where none is. */
export function droppedPlanes(update: LiveUpdate | null, say: Words["say"]): string {
  const count = update?.state.dropped_planes ?? 0;
  return count > 0 ? say("planes_dropped", { count }) : "";
}

/** Why a device gives no pictures and what to look at; `otherwise` while that is not known. */
function deviceWord({ deviceLost }: Pick<Scene, "deviceLost">, otherwise: WordKey): WordKey {
  return deviceLost ? `device_${deviceLost}` : otherwise;
}

/** What a person can do after the last picture of a phantom or a recording. */
export function endedWord({ hello }: Pick<Scene, "hello">): WordKey {
  return hello?.source.can_restart ? "ended_restart_do" : "ended_do";
}

/** What is said under the age of an old picture. It promises only what comes by itself. `capture`: what this window captures. */
export function oldWord(scene: Scene, capture: CapturePhase | null): WordKey {
  const { phase, hello, watching } = scene;
  if (phase === "lost") {
    return "old_lost_do";
  }
  if (isDevice(hello?.source)) {
    return deviceWord(scene, "stalled_device_do");
  }
  if (isPlayed(hello?.source)) {
    return "stalled_plays_do";
  }
  if (isCaptured(hello?.source) && capture !== "capturing") {
    return watching || capture === null ? "old_watched_do" : `capture_${capture}_do`;
  }
  return "old_picture_do";
}

function lostDetail({ waiting, forgotten }: Scene, say: Words["say"]): string {
  if (forgotten > 0) {
    return say("lost_forgotten", { count: waiting, more: forgotten });
  }
  return waiting > 0 ? say("lost_waiting", { count: waiting }) : say("lost_do");
}

function detailOf(issue: Issue, update: LiveUpdate, { say, language }: Words): string {
  if (issue.code === "contact_lost" && update.contact_lost) {
    return say(`contact_${update.contact_lost}`);
  }
  if (issue.code === "frozen") {
    return say("frozen_picture_do");
  }
  if (issue.code === "scale_unknown") {
    return say("scale_unknown_do");
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
