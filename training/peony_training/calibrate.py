"""Malignancy as a probability: a logistic fit on its logit (Platt 1999), made on pictures held out of learning."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from peony_training.data import FOLDS, Case, fold_of

# Held pictures are few, and a slope without bounds follows the last of them: a weak pull towards 1, 0 and 0.
PULL = 1.0
ROUNDS = 50
# The BI-RADS logits come in only where they lower the cross-validated loss by this many standard errors.
CLEARLY = 2.0


@dataclass(frozen=True)
class Calibration:
    """The calibrated logit is `slope` × the logit + `steps` × the mean of the BI-RADS logits + `offset`."""

    slope: float
    offset: float
    steps: float
    pictures: int
    NONE: ClassVar["Calibration"]

    def logits(self, malignancy: np.ndarray, steps: np.ndarray) -> np.ndarray:
        return self.slope * malignancy + self.steps * steps + self.offset


Calibration.NONE = Calibration(slope=1.0, offset=0.0, steps=0.0, pictures=0)


def calibrate(
    malignancy: np.ndarray, steps: np.ndarray, malignant: np.ndarray, cases: list[Case]
) -> tuple[Calibration, dict[str, float]]:
    """The fit to use, and what decided it: with the BI-RADS logits only where cross-validation is clearly for them."""
    folds = np.array(fold_of(cases, seed=1))
    losses = []
    for with_steps in (False, True):
        loss = np.zeros(len(cases))
        for fold in range(FOLDS):
            learn, held = folds != fold, folds == fold
            found = fit(malignancy[learn], steps[learn], malignant[learn], with_steps)
            loss[held] = log_loss(found.logits(malignancy[held], steps[held]), malignant[held])
        losses.append(loss)
    gain = losses[0] - losses[1]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    decided = {
        "loss_of_malignancy_alone": float(losses[0].mean()),
        "loss_with_birads": float(losses[1].mean()),
        "standard_error_of_gain": error,
    }
    return fit(malignancy, steps, malignant, bool(gain.mean() > CLEARLY * error)), decided


def fit(malignancy: np.ndarray, steps: np.ndarray, malignant: np.ndarray, with_steps: bool = False) -> Calibration:
    """Penalised maximum likelihood by Newton's method; all arrays [n], `malignant` 0 or 1."""
    columns = [malignancy, np.ones_like(malignancy), *([steps] if with_steps else [])]
    design = np.stack(columns, axis=1)
    prior = np.eye(len(columns))[0]
    weights = prior.copy()
    for _ in range(ROUNDS):
        risk = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (risk - malignant) + PULL * (weights - prior)
        curvature = design.T @ (design * (risk * (1 - risk))[:, None]) + PULL * np.eye(len(columns))
        weights = weights - np.linalg.solve(curvature, gradient)
    slope, offset, *rest = (float(weight) for weight in weights)
    return Calibration(slope, offset, rest[0] if rest else 0.0, len(malignancy))


def log_loss(logits: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Cross-entropy of each picture."""
    return np.logaddexp(0.0, logits) - outcome * logits
