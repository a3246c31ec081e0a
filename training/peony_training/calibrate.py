"""Malignancy as a probability: a slope and an offset on its logit (Platt 1999), fitted on the held part of `train`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from peony_training.metrics import Reading

# Held pictures are few, and a slope without bounds follows the last of them: a weak pull towards 1 and 0.
PULL = 1.0
STEPS = 50


@dataclass(frozen=True)
class Calibration:
    """The calibrated logit is `slope` times the network's plus `offset`."""

    slope: float
    offset: float
    pictures: int
    NONE: ClassVar["Calibration"]


Calibration.NONE = Calibration(slope=1.0, offset=0.0, pictures=0)


def fit(readings: list[Reading]) -> Calibration:
    """Penalised maximum likelihood over the benign and malignant pictures, by Newton's method."""
    lesions = [r for r in readings if r.pathology != "normal"]
    p = np.clip(np.array([r.malignancy for r in lesions]), 1e-6, 1 - 1e-6)
    design = np.stack([np.log(p / (1 - p)), np.ones_like(p)], axis=1)
    malignant = np.array([r.pathology == "malignant" for r in lesions], dtype=float)
    prior = np.array([1.0, 0.0])
    weights = prior.copy()
    for _ in range(STEPS):
        risk = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (risk - malignant) + PULL * (weights - prior)
        curvature = design.T @ (design * (risk * (1 - risk))[:, None]) + PULL * np.eye(2)
        weights = weights - np.linalg.solve(curvature, gradient)
    return Calibration(slope=float(weights[0]), offset=float(weights[1]), pictures=len(lesions))


def expected_calibration_error(readings: list[Reading], bins: int = 10) -> float:
    """Mean distance of observed from predicted malignancy over bins of equal width, weighted by their pictures."""
    lesions = [r for r in readings if r.pathology != "normal"]
    predicted = np.array([r.malignancy for r in lesions])
    malignant = np.array([r.pathology == "malignant" for r in lesions], dtype=float)
    which = np.minimum((predicted * bins).astype(int), bins - 1)
    gaps = [abs(predicted[which == b].sum() - malignant[which == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(lesions))
