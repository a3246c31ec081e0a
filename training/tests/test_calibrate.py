"""The calibration finds the scale that a miscalibrated model was off by, and takes in more only where it helps."""

import numpy as np
import pytest
from conftest import lesion_case

from peony_training.calibrate import calibrate, fit
from peony_training.metrics import calibration_error


def chances(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true_logits = rng.normal(-0.5, 1.5, n)
    return true_logits, (rng.random(n) < chances(true_logits)).astype(float)


def test_overconfidence_is_found_and_undone() -> None:
    true_logits, malignant = drawn(4000)
    said = true_logits * 2 + 0.6
    found = fit(said, np.zeros_like(said), malignant)
    assert abs(found.slope - 0.5) < 0.05 and abs(found.offset + 0.3) < 0.1
    assert found.pictures == 4000 and found.steps == 0.0
    undone = found.logits(said, np.zeros_like(said))
    assert calibration_error(chances(undone), malignant) < 0.03 < calibration_error(chances(said), malignant)


def test_few_pictures_stay_near_what_the_network_says() -> None:
    one = np.array([3.0])
    assert abs(fit(one, one, np.array([1.0])).slope - 1.0) < 0.2


@pytest.mark.parametrize(("share", "kept"), [(0.0, False), (0.7, True)])
def test_birads_logits_come_in_only_where_they_clearly_help(share: float, kept: bool) -> None:
    true_logits, malignant = drawn(400)
    rng = np.random.default_rng(1)
    steps = share * true_logits + rng.normal(0, 0.3, 400)
    said = (1 - share) * true_logits + rng.normal(0, 0.3, 400)
    cases = [lesion_case(str(i), str(i), "malignant" if m else "benign") for i, m in enumerate(malignant)]
    found, decided = calibrate(said, steps, malignant, cases)
    assert (found.steps != 0.0) == kept
    assert set(decided) == {"loss_of_malignancy_alone", "loss_with_birads", "standard_error_of_gain"}
