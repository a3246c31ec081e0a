/** The report's draft: only what has a value is said, and the machine's words are marked as such. */
import type { DescriptorView, LiveUpdate, TrackView } from "../api/wire";
import { confirmed } from "../live/current";
import type { Scene } from "../live/examination";
import { en, type WordKey } from "../words/en";
import { cubicCentimetres, isUnsure, percent, roundHalfAway, sizeText, thirdAxis } from "../words/numbers";
import type { Words } from "../words/words";

/** A piece of a line; `proposed` is the machine's word and underlined with dots. */
export interface Piece {
  readonly words: string;
  readonly proposed: boolean;
}

export interface Line {
  readonly key: string;
  readonly kind: "heading" | "lesion" | "plain";
  /** The lesion it speaks of. */
  readonly track: number | null;
  readonly pieces: readonly Piece[];
}

const plain = (words: string): Piece => ({ words, proposed: false });
const proposed = (words: string): Piece => ({ words, proposed: true });
const line = (key: string, kind: Line["kind"], ...pieces: Piece[]): Line => ({ key, kind, track: null, pieces });

/** The draft's lines from the confirmed lesions, most suspicious first (the order of the report template). */
export function draftOf(scene: Scene, words: Words): readonly Line[] {
  const { update } = scene;
  if (!update) {
    return [];
  }
  const lesions = bySuspicion(confirmed(update.tracks));
  if (lesions.length === 0) {
    return [];
  }
  const { say } = words;
  const side = say(update.state.side === "left" ? "left_breast" : "right_breast");
  return [
    line("side", "heading", plain(side)),
    ...lesions.map((track) => lesionLine(track, update, words)),
    ...adviceLines(lesions, words),
    ...limitLines(scene, update, words),
  ];
}

function bySuspicion(lesions: readonly TrackView[]): readonly TrackView[] {
  return lesions.toSorted((a, b) => (b.malignancy ?? 0) - (a.malignancy ?? 0));
}

function lesionLine(track: TrackView, update: LiveUpdate, { say, language }: Words): Line {
  const comma = language === "zh" ? "，" : ", ";
  const semicolon = language === "zh" ? "；" : "; ";
  const stop = language === "zh" ? "。" : ". ";
  const described = descriptionOf(track, { say, language });
  const pieces = [plain(`${track.letter}${language === "zh" ? "：" : ": "}`), proposed(described.lesion)];
  const size = sizeText(track);
  if (size) {
    pieces.push(plain(comma), proposed(track.size_mm ? size : `${size} ${say("report_px")}`));
  }
  for (const words of described.features) {
    pieces.push(plain(comma), proposed(words));
  }
  const solid = update.volume.tracks.find((volume) => volume.track === track.id);
  if (solid) {
    const error = percent(String(roundHalfAway(solid.relative_error * 100)), language);
    const volume = `${cubicCentimetres(solid.volume_cm3)}\u202fcm³`;
    pieces.push(plain(semicolon), proposed(say("report_third", { size: thirdAxis(solid) })));
    pieces.push(plain(comma), proposed(say("report_volume", { volume, error })));
  }
  pieces.push(plain(stop));
  if (isUnsure(track.malignancy_95)) {
    pieces.push(proposed(say("report_unsure")));
  } else if (track.birads) {
    pieces.push(proposed(say("report_category", { category: track.birads })));
  }
  return { key: `lesion-${track.id}`, kind: "lesion", track: track.id, pieces };
}

/** The lexicon's words as the report's sentence has them: what stands before "lesion", and what follows its size. */
function descriptionOf(
  { descriptors }: TrackView,
  { say, language }: Pick<Words, "say" | "language">,
): { readonly lesion: string; readonly features: readonly string[] } {
  const saidOf = (feature: DescriptorView["feature"]): readonly string[] =>
    descriptors
      .filter((said) => said.feature === feature)
      .map((said) => wordKey(said))
      .filter((key) => key !== null)
      .map((key) => say(key));
  const shape = saidOf("shape");
  const before = language === "zh" ? saidOf("echo") : [...shape, ...saidOf("echo")];
  const margin = saidOf("margin").join(language === "zh" ? "、" : ", ");
  const features = [
    ...(language === "zh" ? shape : []),
    ...saidOf("orientation"),
    ...(margin ? [say("report_margin", { words: margin })] : []),
    ...saidOf("posterior"),
    ...saidOf("boundary"),
    ...saidOf("calcification"),
  ];
  const lesion = before.length > 0 ? say("report_lesion_described", { echo: before.join(" ") }) : say("report_lesion");
  return { lesion, features };
}

/** The page's key of a word; none for a word that this page does not know. */
function wordKey({ feature, word }: DescriptorView): WordKey | null {
  const key = `word_${feature}_${word}`;
  return key in en ? (key as WordKey) : null;
}

/** What each proposed category asks for; a lesion without one asks for nothing. */
function adviceLines(lesions: readonly TrackView[], { say, language }: Words): readonly Line[] {
  const asks = (categories: readonly string[]): readonly TrackView[] =>
    lesions.filter(
      (track) => track.birads !== null && categories.includes(track.birads) && !isUnsure(track.malignancy_95),
    );
  const lines = (
    [
      ["advice_5", asks(["5"])],
      ["advice_4", asks(["4", "4A", "4B", "4C"])],
      ["advice_3", asks(["3"])],
      ["advice_2", asks(["2"])],
    ] as const
  )
    .filter(([, tracks]) => tracks.length > 0)
    .map(([key, tracks]) => {
      const letters = tracks.map((track) => track.letter).join(language === "zh" ? "、" : ", ");
      return line(key, "plain", proposed(say(key, { letters })));
    });
  return lines.length > 0 ? [line("advice", "heading", plain(say("report_advice"))), ...lines] : [];
}

function limitLines({ hello }: Scene, update: LiveUpdate, { say }: Words): readonly Line[] {
  const lines = [line("limits", "heading", plain(say("report_limits")))];
  if (hello?.source.kind === "phantom") {
    lines.push(line("phantom", "plain", plain(say("limit_phantom"))));
  }
  if (!update.mm_per_px) {
    lines.push(line("scale", "plain", plain(say("limit_scale"))));
  }
  if (update.volume.tracks.length > 0) {
    lines.push(line("third", "plain", plain(say("limit_third"))));
  } else if (update.volume.unfit) {
    const reason = say(`unfit_${update.volume.unfit}`);
    lines.push(line("unfit", "plain", plain(say("limit_sweep", { reason }))));
  }
  if (hello?.model) {
    const { name, version, engine, precision } = hello.model;
    lines.push(line("machine", "plain", plain(say("report_machine", { model: name, version, engine, precision }))));
  }
  return lines;
}
