"""Harder questions than the validation stills: no breast at all, marks, another hospital, and what memory is worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from skimage.morphology import dilation, disk, white_tophat

from peony_training.batches import Shelf, clips
from peony_training.data import (
    OUTSIDE,
    Case,
    load_mask,
    load_picture,
    load_pictures,
    outside_pictures,
    read_mammograms,
    unlabelled,
)
from peony_training.evaluate import Figures, malignant, risks, rounded, summary
from peony_training.metrics import auc, average_precision, wilson
from peony_training.preprocess import letterbox
from peony_training.reading import (
    LEAST_OVERLAP,
    Model,
    Reading,
    Seen,
    Thresholds,
    at_mask,
    by_cell,
    overlap_of,
    parts_of,
    read_cases_with,
    reading_of,
    regions_of,
)
from peony_training.thresholds import LEAST_SENSITIVITY, lesion_free_windows
from peony_training.views import Marks, Random, lay_calipers

# Other draws than those that were learned from.
SEED = 4021
DRAWN = 300
# How often marks are drawn anew over each picture without a lesion: one draw over 231 puts none or three, by chance.
MARKED = 10
# Marks are bright against what lies around them, and thin.
MARK_WIDTH, MARK_CONTRAST, MARK_LEVEL, MARK_SURROUND = 3, 60, 150, 9
# Clips of the memory trial: how many, how long, how many at once; one frame in three of thirty a second.
CLIPS, FRAMES, AT_ONCE, FRAMES_A_MINUTE = 120, 24, 10, 600.0
PRECISE = 0.5
# The program takes two sightings less alike than this for two lesions (`crates/ultrasound/src/track/traits.rs`).
LIKENESS = 0.8


def domain(model: Model, root: Path, val: list[Reading], thresholds: Thresholds) -> Figures:
    """How many pictures are refused as no breast ultrasound: of those that are one, and of those that are not."""

    def refused(readings: list[Reading]) -> Figures:
        low = sum(r.frame["breast"] < thresholds.breast for r in readings)
        found = sum(bool(r.findings(thresholds)) for r in readings)
        return {"n": len(readings), "refused": low, "with_findings": found}

    films = read_cases_with(model, root, [case for case in read_mammograms(root) if case.split == "val"])
    drawn = []
    for number, picture in enumerate(outside_pictures(DRAWN, SEED)):
        canvas = np.asarray(letterbox(Image.fromarray(picture)))
        case = unlabelled(OUTSIDE, f"drawn-{number}", "val", f"drawn/{number}")
        drawn.append(reading_of(case, model.look(canvas), np.zeros_like(canvas)))
    return {"breast_val": refused(val), "mammograms_val": refused(films), "drawn": refused(drawn)}


def marks(model: Model, root: Path, val: list[Case], thresholds: Thresholds) -> Figures:
    """What marks change: laid over every picture, and taken out of every picture."""
    canvases, truths = [], []
    for case in val:
        picture = load_picture(root, case)
        canvases.append(np.asarray(letterbox(picture)))
        truths.append(np.asarray(letterbox(load_mask(root, case, picture.size))))
    free = lesion_free_windows(root, val, SEED)
    cases = [*val, *(case for case, _ in free)]
    canvases += [canvas for _, canvas in free]
    truths += [np.zeros_like(canvas) for _, canvas in free]

    def read(shown: list[np.ndarray]) -> list[Reading]:
        parts = zip(cases, shown, truths, strict=True)
        return [reading_of(case, model.look(canvas), truth) for case, canvas, truth in parts]

    def told(readings: list[Reading]) -> Figures:
        lesions = [r for r in readings if r.case.has_lesion]
        return {
            "auc": auc(risks(lesions), malignant(lesions)),
            "lesions_found_in_place": sum(r.is_found_in_place(thresholds) for r in lesions),
            "false_masks": sum(bool(r.findings(thresholds)) for r in readings if not r.case.has_lesion),
        }

    plain = read(canvases)
    with_marks = read(lay_marks(canvases, truths))
    as_given = told(plain)
    lesions = sum(c.has_lesion for c in cases)
    report: Figures = {"lesions": lesions, "lesion_free": len(cases) - lesions, "as_given": as_given}
    for name, readings in (("laid", with_marks), ("removed", read([remove_marks(c) for c in canvases]))):
        after = told(readings)
        report[name] = {**after, "auc_change": after["auc"] - as_given["auc"]}
    clear = [
        canvas for canvas, r in zip(canvases, plain, strict=True) if not (r.case.has_lesion or r.findings(thresholds))
    ]
    report["laid"] |= put_by_marks(model, clear, thresholds)
    return rounded(report)


def put_by_marks(model: Model, clear: list[np.ndarray], thresholds: Thresholds) -> Figures:
    """How often marks put a finding into pictures without a lesion that have none as they are."""
    empty = [np.zeros_like(canvas) for canvas in clear]
    nothing = unlabelled(OUTSIDE, "marks", "val", "marks")
    put = 0
    for again in range(MARKED):
        for shown, none in zip(lay_marks(clear, empty, SEED + 1 + again), empty, strict=True):
            put += bool(reading_of(nothing, model.look(shown), none).findings(thresholds))
    return {"looks_where_none_was": MARKED * len(clear), "lesions_put_where_none_was": put}


def lay_marks(canvases: list[np.ndarray], truths: list[np.ndarray], seed: int = SEED) -> list[np.ndarray]:
    """A drawn sheet and calipers over each canvas."""
    luma, mask = (torch.from_numpy(np.stack(planes))[:, None].float() / 255.0 for planes in (canvases, truths))
    generator = torch.Generator().manual_seed(seed)
    sheets = Marks(luma.shape[-1], seed, luma.device)
    shown = []
    for part, true in zip(luma.split(64), mask.split(64), strict=True):
        draw = Random(len(part), generator)
        shown.append(lay_calipers(sheets.lay(part, draw, share=1.0), true, draw, pairs=4))
    return list((torch.cat(shown)[:, 0] * 255.0).round().byte().numpy())


def remove_marks(canvas: np.ndarray) -> np.ndarray:
    """Bright thin marks replaced by the median around them."""
    raised = white_tophat(canvas, disk(MARK_WIDTH))
    mark = dilation((raised > MARK_CONTRAST) & (canvas > MARK_LEVEL), disk(1))
    around = np.asarray(Image.fromarray(canvas).filter(ImageFilter.MedianFilter(MARK_SURROUND)))
    return np.where(mark, around, canvas)


def left_out(model: Model, root: Path, cases: list[Case], thresholds: Thresholds) -> Figures:
    """The figures of a network that never saw this set, on all of it; thresholds are those of the model that ships."""
    return summary(read_cases_with(model, root, cases), thresholds)


@dataclass(frozen=True)
class Detection:
    """A region of one frame of a clip."""

    frame: int  # counted through all clips, clip by clip
    score: float
    overlap: float


@dataclass(frozen=True)
class Clip:
    """A short scan drawn from a still: `FRAMES` frames."""

    case: Case
    canvases: np.ndarray  # uint8 [frames, 256, 256]
    truths: np.ndarray  # uint8 [frames, 256, 256]
    lesion: list[int]  # of each frame 1, 0, or -1 where it is not counted


def drawn_clips(root: Path, cases: list[Case]) -> Iterator[Clip]:
    """A clip of each case, the same ones each time."""
    shelf = Shelf(cases, load_pictures(root, cases), torch.device("cpu"), SEED)
    rng, generator = np.random.default_rng(SEED), torch.Generator().manual_seed(SEED)
    for first in range(0, len(cases), AT_ONCE):
        part = list(range(first, min(first + AT_ONCE, len(cases))))
        batch = clips(shelf, part, FRAMES, shelf.luma.shape[-1], rng, generator)
        canvases = (batch.luma[:, 0] * 255.0).round().byte().numpy()
        truths = (batch.masks[:, 0] * 255.0).byte().numpy()
        for clip, index in enumerate(part):
            rows = list(range(clip, len(canvases), len(part)))
            yield Clip(cases[index], canvases[rows], truths[rows], batch.lesion[rows].int().tolist())


def memory(models: dict[str, Model], root: Path, val: list[Case]) -> Figures:
    """Each model over the same drawn clips: false alarms at the same sensitivity, and AP50.

    A region's score is the frame's lesion probability times its own. An episode is a row of frames with a false region.
    """
    found: dict[str, list[Detection]] = {name: [] for name in models}
    lesion: list[int] = []
    for clip in drawn_clips(root, val[:: max(1, len(val) // CLIPS)]):
        for name, model in models.items():
            found[name] += watch(model, clip.canvases, clip.truths, len(lesion))
        lesion += clip.lesion
    return rounded(compare(found, np.array(lesion)))


@dataclass(frozen=True)
class Sighting:
    """A lesion on one frame of a clip, by what it is known again by."""

    clip: int
    group: str
    embedding: np.ndarray  # unit length, [16]


def embedding(model: Model, root: Path, val: list[Case]) -> Figures:
    """Whether a lesion's embedding is alike from frame to frame and unlike that of another patient's lesion."""
    lesions = [case for case in val if case.has_lesion]
    sightings = []
    for number, clip in enumerate(drawn_clips(root, lesions[:: max(1, len(lesions) // CLIPS)])):
        state = None
        for canvas, truth, lesion in zip(clip.canvases, clip.truths, clip.lesion, strict=True):
            seen = model.look(canvas, state)
            state = seen.state
            vector = embedded(seen, at_mask(truth)) if lesion == 1 else None
            if vector is not None:
                sightings.append(Sighting(number, clip.case.group, vector))
    return rounded(known_again(sightings))


def embedded(seen: Seen, truth: np.ndarray) -> np.ndarray | None:
    """What the network says of the region that lies on the lesion, pooled as the program does; None where none does."""
    over = [(overlap_of(here, truth), number, here) for number, here in enumerate(parts_of(seen))]
    overlap, _, here = max(over, default=(0.0, 0, None))
    if here is None or overlap < LEAST_OVERLAP:
        return None
    vector = (seen.embedding * by_cell(seen.mask[0] * here)).sum((1, 2))
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else None


def known_again(sightings: list[Sighting]) -> Figures:
    """Likeness (cosine) of the first and the last sighting of each lesion, against every other patient's first one.

    Known again is a lesion whose last sighting is liker its own first one than any other patient's.
    """
    clips_of: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        clips_of.setdefault(sighting.clip, []).append(sighting)
    twice = [of for of in clips_of.values() if len(of) > 1]
    if not twice:
        return {"lesions": 0, "known_again": 0}
    likeness = np.stack([of[-1].embedding for of in twice]) @ np.stack([of[0].embedding for of in twice]).T
    groups = np.array([of[0].group for of in twice])
    itself, other = np.eye(len(twice), dtype=bool), groups[:, None] != groups[None]
    same, apart = likeness[itself], likeness[other]
    again = int((same > np.where(other, likeness, -2.0).max(1)).sum())
    return {
        "lesions": len(twice),
        "auc": auc(np.concatenate([same, apart]), np.repeat([True, False], [len(same), len(apart)])),
        "known_again": again,
        "known_again_ci95": list(wilson(again, len(twice))),
        "likeness_of_itself": float(np.median(same)),
        "likeness_of_others": float(np.median(apart)),
        "itself_below_program": int((same < LIKENESS).sum()),
        "others": len(apart),
        "others_not_below_program": int((apart >= LIKENESS).sum()),
    }


def watch(model: Model, canvases: np.ndarray, truths: np.ndarray, first: int) -> list[Detection]:
    """One clip from its first frame on; the state goes from frame to frame."""
    state, detections = None, []
    for number, (canvas, truth) in enumerate(zip(canvases, truths, strict=True)):
        seen = model.look(canvas, state)
        state = seen.state
        detections += [
            Detection(first + number, float(seen.frame[0]) * region.lesion, region.overlap)
            for region in regions_of(seen, at_mask(truth))
        ]
    return detections


def compare(found: dict[str, list[Detection]], lesion: np.ndarray) -> Figures:
    """Figures of each model; `lesion` is 1, 0, or -1 where a frame is not counted."""
    best = {name: best_on_lesion(detections, lesion) for name, detections in found.items()}
    reached = min(float((scores > 0).mean()) for scores in best.values())
    sensitivity = min(LEAST_SENSITIVITY, reached)
    report: Figures = {
        "frames": int((lesion >= 0).sum()),
        "frames_with_lesion": int((lesion == 1).sum()),
        "sensitivity": sensitivity,
    }
    for name, detections in found.items():
        kept = int(np.ceil(sensitivity * len(best[name]) - 1e-9))
        threshold = np.sort(best[name])[-kept] if kept else np.inf
        counted = [d for d in detections if lesion[d.frame] >= 0]
        scores, right = matched(counted)
        report[name] = {
            "false_alarm_episodes_a_minute": episodes(counted, threshold, len(lesion))
            * FRAMES_A_MINUTE
            / int((lesion >= 0).sum()),
            "ap50": average_precision(scores, right, int((lesion == 1).sum())),
        }
    return report


def best_on_lesion(detections: list[Detection], lesion: np.ndarray) -> np.ndarray:
    """The highest score on the lesion of each frame that has one; 0 where it is missed."""
    best = np.zeros(len(lesion))
    for d in detections:
        if d.overlap >= LEAST_OVERLAP:
            best[d.frame] = max(best[d.frame], d.score)
    return best[lesion == 1]


def matched(detections: list[Detection]) -> tuple[np.ndarray, np.ndarray]:
    """(scores, whether right): one detection a frame may match its lesion, the highest that overlaps by half."""
    taken: set[int] = set()
    ordered = sorted(detections, key=lambda d: -d.score)
    right = []
    for d in ordered:
        is_right = d.overlap >= PRECISE and d.frame not in taken
        taken |= {d.frame} if is_right else set()
        right.append(is_right)
    return np.array([d.score for d in ordered]), np.array(right, dtype=bool)


def episodes(detections: list[Detection], threshold: float, frames: int) -> int:
    """Rows of frames, within a clip, with a false region at or above the threshold."""
    alarm = np.zeros(frames, dtype=bool)
    for d in detections:
        alarm[d.frame] |= d.score >= threshold and d.overlap < LEAST_OVERLAP
    clips_of = alarm.reshape(-1, FRAMES).astype(int)
    return int((np.diff(clips_of, axis=1, prepend=0) == 1).sum())
