"""Figures a reader of the card can check: Dice, AUC, false masks on normals, with bootstrap intervals over groups."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# A region counts as a finding when it fills at least this share of the canvas; the Rust program has the same rule.
LEAST_REGION = 0.001


@dataclass(frozen=True)
class Reading:
    """What the network said of one picture."""

    dataset: str
    group: str
    pathology: str
    dice: float | None  # None where there is no lesion
    malignancy: float
    lesion: float
    largest_region: float  # share of the canvas above the mask threshold that hangs together


def dice(predicted: np.ndarray, truth: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|) of two boolean masks; 1 where both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2.0 * int((predicted & truth).sum()) / total if total else 1.0


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties counted half; NaN where one class is missing."""
    positives, negatives = scores[positive], scores[~positive]
    if not len(positives) or not len(negatives):
        return float("nan")
    below = np.searchsorted(np.sort(negatives), positives, side="left")
    not_above = np.searchsorted(np.sort(negatives), positives, side="right")
    return float((below + not_above).mean() / (2.0 * len(negatives)))


def largest_region(mask: np.ndarray) -> int:
    """Pixels of the largest 4-connected region of a boolean mask."""
    parent: list[int] = []
    size: list[int] = []

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above: list[tuple[int, int, int]] = []
    for row in mask:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        here: list[tuple[int, int, int]] = []
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            run = len(parent)
            parent.append(run)
            size.append(end - start)
            here.append((start, end, run))
            for other_start, other_end, other in above:
                if other_start < end and start < other_end and root(other) != root(run):
                    size[root(run)] += size[root(other)]
                    parent[root(other)] = root(run)
        above = here
    return max(size, default=0)


def is_finding(reading: Reading, lesion_threshold: float) -> bool:
    """The program's decision: a region large enough, and the frame's lesion probability over its threshold."""
    return reading.largest_region >= LEAST_REGION and reading.lesion >= lesion_threshold


def mean_dice(readings: list[Reading]) -> float:
    values = [r.dice for r in readings if r.dice is not None]
    return float(np.mean(values)) if values else float("nan")


def malignancy_auc(readings: list[Reading]) -> float:
    """Malignant against benign; normals are left out, for the question does not arise there."""
    graded = [r for r in readings if r.pathology != "normal"]
    return auc(np.array([r.malignancy for r in graded]), np.array([r.pathology == "malignant" for r in graded], bool))


def bootstrap(
    readings: list[Reading], figure: Callable[[list[Reading]], float], rounds: int = 1000, seed: int = 0
) -> list[float]:
    """95 % interval of a figure, groups (patients) drawn with replacement."""
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.group].append(reading)
    members = list(groups.values())
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = [r for i in rng.integers(0, len(members), len(members)) for r in members[i]]
        values.append(figure(drawn))
    return [round(float(v), 4) for v in np.nanpercentile(values, [2.5, 97.5])]


def summary(readings: list[Reading], lesion_threshold: float) -> dict[str, object]:
    """All figures of one set of readings."""
    normals = [r for r in readings if r.pathology == "normal"]
    lesions = [r for r in readings if r.pathology != "normal"]
    return {
        "n": len(readings),
        "groups": len({r.group for r in readings}),
        "lesions": len(lesions),
        "malignant": sum(r.pathology == "malignant" for r in readings),
        "dice": round(mean_dice(readings), 4),
        "dice_ci95": bootstrap(readings, mean_dice),
        "auc": round(malignancy_auc(readings), 4),
        "auc_ci95": bootstrap(readings, malignancy_auc),
        "lesions_found": sum(is_finding(r, lesion_threshold) for r in lesions),
        "normals": len(normals),
        "false_masks_on_normals": sum(is_finding(r, lesion_threshold) for r in normals),
        "false_masks_without_lesion_score": sum(is_finding(r, 0.0) for r in normals),
    }


def summaries(readings: list[Reading], lesion_threshold: float) -> dict[str, dict[str, object]]:
    """`summary` of every data set, and of all together."""
    by_set: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_set[reading.dataset].append(reading)
    return {name: summary(part, lesion_threshold) for name, part in [*by_set.items(), ("all", readings)]}
