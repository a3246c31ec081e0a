"""The calibration finds the scale that a miscalibrated model was off by, and its error measures just that."""

import numpy as np

from peony_training.calibrate import expected_calibration_error, fit
from peony_training.metrics import Reading


def readings(logits: np.ndarray, malignant: np.ndarray) -> list[Reading]:
    risk = 1 / (1 + np.exp(-logits))
    return [
        Reading("set", str(i), "malignant" if m else "benign", 0.8, float(p), 1.0, 0.1)
        for i, (p, m) in enumerate(zip(risk, malignant, strict=True))
    ]


def test_overconfidence_is_found_and_undone() -> None:
    rng = np.random.default_rng(0)
    true_logits = rng.normal(-0.5, 1.5, 4000)
    malignant = rng.random(4000) < 1 / (1 + np.exp(-true_logits))
    overconfident = readings(true_logits * 2 + 0.6, malignant)
    found = fit(overconfident)
    assert abs(found.slope - 0.5) < 0.05 and abs(found.offset + 0.3) < 0.1
    assert found.pictures == 4000
    undone = readings((true_logits * 2 + 0.6) * found.slope + found.offset, malignant)
    assert expected_calibration_error(undone) < 0.03 < expected_calibration_error(overconfident)


def test_few_pictures_stay_near_what_the_network_says() -> None:
    one = readings(np.array([3.0]), np.array([True]))
    assert abs(fit(one).slope - 1.0) < 0.2
