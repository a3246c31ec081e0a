"""Every figure of a set of readings: per data set and of all, BI-RADS, descriptors, calibration."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np

from peony_training.lexicon import CATEGORIES, DESCRIPTORS, STEPS, TISSUE
from peony_training.metrics import (
    auc,
    auc_interval,
    calibration_error,
    calibration_interval,
    mean_interval,
    reliability,
    weighted_kappa,
    wilson,
)
from peony_training.reading import Reading, Thresholds
from peony_training.thresholds import LEAST_SENSITIVITY

Figures = dict[str, object]
# BUS-BRA does not divide its 4: against it, and in all, categories are compared on these.
UNDIVIDED = ("2", "3", "4", "5")
# Shares of the picture that part lesions by their size.
SIZES = (0.02, 0.05, 0.15)


def figures(readings: list[Reading], thresholds: Thresholds) -> Figures:
    """All that is reported of readings of stills, as plain JSON."""
    lesions = [r for r in readings if r.case.has_lesion]
    return rounded(
        {
            "sets": by_set(readings, thresholds),
            "lesions_95": where_enough_are_found(readings, thresholds),
            "reliability": reliability(risks(lesions), malignant(lesions).astype(float)),
            "birads": {name: birads(part) for name, part in sets_of(lesions) if any(known_birads(r) for r in part)},
            "birads_said": observed(lesions),
            "descriptors": descriptors(lesions),
            "tissue": tissue(readings),
            "failures": {name: failures(part, thresholds) for name, part in sets_of(lesions)},
            "by_size": by_size(lesions, thresholds),
        }
    )


def by_set(readings: list[Reading], thresholds: Thresholds) -> Figures:
    """`summary` of every data set, and of all together."""
    return {name: summary(part, thresholds) for name, part in sets_of(readings)}


def sets_of(readings: list[Reading]) -> list[tuple[str, list[Reading]]]:
    parts: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        parts[reading.case.dataset].append(reading)
    return [*parts.items(), ("all", readings)]


def summary(readings: list[Reading], thresholds: Thresholds) -> Figures:
    """What the card says of one set. Dice is that of the whole mask, whether or not it is let through as a finding.

    A lesion is found when its picture has a finding, as the program counts, and in place when one overlaps it.
    """
    lesions = [r for r in readings if r.case.has_lesion]
    normals = [r for r in readings if not r.case.has_lesion]
    dices, groups = np.array([r.dice for r in lesions]), [r.case.group for r in lesions]
    risk, positive = risks(lesions), malignant(lesions)
    return rounded(
        {
            "n": len(readings),
            "groups": len({r.case.group for r in readings}),
            "lesions": len(lesions),
            "malignant": int(positive.sum()),
            "dice": float(dices.mean()),
            "dice_ci95": list(mean_interval(dices, groups)),
            "auc": auc(risk, positive),
            "auc_ci95": list(auc_interval(risk, positive, groups)),
            "calibration_error": calibration_error(risk, positive.astype(float)),
            "calibration_error_ci95": list(calibration_interval(risk, positive.astype(float), groups)),
            "lesions_found": sum(bool(r.findings(thresholds)) for r in lesions),
            "lesions_found_in_place": sum(r.is_found_in_place(thresholds) for r in lesions),
            "normals": len(normals),
            "false_masks_on_normals": sum(bool(r.findings(thresholds)) for r in normals),
        }
    )


def where_enough_are_found(readings: list[Reading], thresholds: Thresholds) -> Figures:
    """False masks where 95 % of these very lesions are found: at the highest threshold of the frame that finds them.

    For this figure alone, as it is asked for at that sensitivity. What ships keeps the threshold of the held fold.
    """
    lesions = [r for r in readings if r.case.has_lesion]
    normals = [r for r in readings if not r.case.has_lesion]
    for lesion in np.arange(99, 0, -1) / 100:
        at = replace(thresholds, lesion=float(lesion))
        found = sum(bool(r.findings(at)) for r in lesions)
        if lesions and found >= LEAST_SENSITIVITY * len(lesions):
            return {
                "lesion": float(lesion),
                "lesions": len(lesions),
                "lesions_found": found,
                "lesions_found_in_place": sum(r.is_found_in_place(at) for r in lesions),
                "normals": len(normals),
                "false_masks_on_normals": sum(bool(r.findings(at)) for r in normals),
            }
    return {}


def malignant(readings: list[Reading]) -> np.ndarray:
    return np.array([r.case.malignant == 1 for r in readings], dtype=bool)


def risks(readings: list[Reading]) -> np.ndarray:
    """Probability of malignancy of each picture, its map weighted by its own mask."""
    return 1.0 / (1.0 + np.exp(-np.array([r.maps["malignancy"] for r in readings])))


def said_birads(reading: Reading) -> int:
    """The category that the network gives, as an index of `CATEGORIES`: one up for each step it thinks likely."""
    return sum(reading.maps[f"birads_{step}"] >= 0.0 for step in STEPS)


def known_birads(reading: Reading) -> bool:
    return reading.case.birads.upper() in {*CATEGORIES, "4"}


def birads(lesions: list[Reading]) -> Figures:
    """The category that the network's steps give against the one that a reader gave, where one did."""
    return given_against([(r, CATEGORIES[said_birads(r)]) for r in lesions if known_birads(r)])


def given_against(known: list[tuple[Reading, str]]) -> Figures:
    """Quadratic weighted kappa of a category said against the one given."""
    said = [word for _, word in known]
    given = [r.case.birads.upper() for r, _ in known]
    words = UNDIVIDED if "4" in given else CATEGORIES
    if words is UNDIVIDED:
        said, given = ([word[0] for word in part] for part in (said, given))
    ranks = [np.array([words.index(word) for word in part], dtype=int) for part in (said, given)]
    table = np.zeros((len(words), len(words)), int)
    np.add.at(table, (ranks[1], ranks[0]), 1)
    return {
        "n": len(known),
        "categories": list(words),
        "weighted_kappa": weighted_kappa(*ranks, len(words)),
        "given_by_said": table.tolist(),
    }


def observed(lesions: list[Reading]) -> Figures:
    """How many lesions of each category that the network gives were malignant, with Wilson's interval."""
    said, positive = np.array([said_birads(r) for r in lesions]), malignant(lesions)
    rows: Figures = {}
    for rank, category in enumerate(CATEGORIES):
        n, hits = int((said == rank).sum()), int(positive[said == rank].sum())
        share = hits / n if n else math.nan
        rows[category] = {"n": n, "malignant": hits, "share": share, "ci95": list(wilson(hits, n))}
    return rows


def descriptors(lesions: list[Reading]) -> Figures:
    """Ranking and accuracy of each descriptor where it is known."""
    rows: Figures = {}
    for position, name in enumerate(DESCRIPTORS):
        known = [r for r in lesions if r.case.descriptors[position] >= 0]
        logits = np.array([r.maps[name] for r in known])
        present = np.array([r.case.descriptors[position] > 0.5 for r in known], dtype=bool)
        accuracy = float(((logits >= 0) == present).mean()) if known else math.nan
        rows[name] = {
            "n": len(known),
            "present": int(present.sum()),
            "auc": auc(logits, present),
            "accuracy": accuracy,
        }
    return rows


def tissue(readings: list[Reading]) -> Figures:
    """Each question on the background tissue where it is known, and how often both answers are the reader's."""
    known = [r for r in readings if min(r.case.tissue) >= 0]
    said = np.array([[r.frame[name] for name in TISSUE] for r in known]).reshape(-1, len(TISSUE))
    true = np.array([r.case.tissue for r in known]).reshape(-1, len(TISSUE)) > 0.5
    right = (said >= 0.5) == true
    rows: Figures = {
        name: {"n": len(known), "present": int(true[:, at].sum()), "auc": auc(said[:, at], true[:, at])}
        | shared(right[:, at])
        for at, name in enumerate(TISSUE)
    }
    kinds = np.unique(true, axis=0, return_counts=True)[1]
    return {**rows, "both": {"n": len(known), "commonest": int(kinds.max(initial=0))} | shared(right.all(1))}


def shared(right: np.ndarray) -> Figures:
    """How many are right, and their share with Wilson's interval."""
    hits = int(right.sum())
    return {
        "right": hits,
        "accuracy": hits / len(right) if len(right) else math.nan,
        "ci95": list(wilson(hits, len(right))),
    }


def failures(lesions: list[Reading], thresholds: Thresholds) -> Figures:
    """What went wrong on the lesions of one set: not found, drawn badly, or graded against what they were."""
    risk, positive = risks(lesions), malignant(lesions)
    return {
        "lesions": len(lesions),
        "not_found_in_place": sum(not r.is_found_in_place(thresholds) for r in lesions),
        "dice_below_half": sum(r.dice < 0.5 for r in lesions),
        "malignant": int(positive.sum()),
        "malignant_at_most_10_percent": int((risk[positive] <= 0.10).sum()),
        "benign": int((~positive).sum()),
        "benign_above_half": int((risk[~positive] > 0.5).sum()),
    }


def by_size(lesions: list[Reading], thresholds: Thresholds) -> list[Figures]:
    """Dice and lesions found by how much of the picture the lesion covers."""
    rows: list[Figures] = []
    for low, high in zip((0.0, *SIZES), (*SIZES, 1.0), strict=True):
        part = [r for r in lesions if low <= r.area < high]
        if part:
            dices, groups = np.array([r.dice for r in part]), [r.case.group for r in part]
            rows.append(
                {
                    "area": [low, high],
                    "lesions": len(part),
                    "dice": float(dices.mean()),
                    "dice_ci95": list(mean_interval(dices, groups)),
                    "not_found_in_place": sum(not r.is_found_in_place(thresholds) for r in part),
                }
            )
    return rows


def rounded(value: object) -> object:
    """Figures to four places; what cannot be told is left out."""
    if isinstance(value, dict):
        kept = {key: rounded(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part is not None}
    if isinstance(value, list):
        parts = [rounded(part) for part in value]
        return None if parts and all(part is None for part in parts) else parts
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
