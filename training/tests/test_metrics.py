"""The figures, on cases small enough to count by hand."""

import math

import numpy as np
import pytest

from peony_training.evaluate import choose_lesion_threshold
from peony_training.metrics import Reading, auc, bootstrap, dice, is_finding, largest_region, malignancy_auc


def reading(pathology: str, malignancy: float = 0.5, lesion: float = 0.9, region: float = 0.05) -> Reading:
    return Reading("busi", f"{pathology}{malignancy}{lesion}", pathology, None, malignancy, lesion, region)


@pytest.mark.parametrize(
    ("scores", "positive", "expected"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 1.0),
        ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1], 0.0),
        ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], 0.5),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
    ],
)
def test_auc(scores: list[float], positive: list[int], expected: float) -> None:
    assert auc(np.array(scores), np.array(positive, bool)) == expected


def test_auc_of_one_class_is_not_a_number() -> None:
    assert math.isnan(auc(np.array([0.3]), np.array([True])))


def test_normals_do_not_enter_the_malignancy_auc() -> None:
    graded = [reading("benign", 0.2), reading("malignant", 0.8)]
    assert malignancy_auc([*graded, reading("normal", 0.99)]) == 1.0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["....", "...."], 0),
        (["##..", "..##"], 2),
        (["#.#.", "###."], 5),
        (["#.##", "#..#", "#.##"], 5),
        (["####", "#..#", "#.##"], 9),
    ],
)
def test_largest_region_is_four_connected(rows: list[str], expected: int) -> None:
    assert largest_region(np.array([[c == "#" for c in row] for row in rows])) == expected


def test_dice() -> None:
    left, both = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert dice(left, both) == 0.5
    assert dice(~left & left, ~left & left) == 1.0


def test_a_finding_needs_both_region_and_score() -> None:
    assert is_finding(reading("benign"), 0.5)
    assert not is_finding(reading("benign", lesion=0.4), 0.5)
    assert not is_finding(reading("benign", region=0.0005), 0.5)


def test_lesion_threshold_loses_at_most_one_lesion_in_twenty() -> None:
    readings = [reading("benign", i, lesion=(i + 1) / 101) for i in range(100)]
    threshold = choose_lesion_threshold(readings)
    assert sum(is_finding(r, threshold) for r in readings) == 95


def test_bootstrap_interval_holds_the_mean() -> None:
    readings = [reading("benign", i / 100) for i in range(100)]
    low, high = bootstrap(readings, lambda part: float(np.mean([r.malignancy for r in part])))
    assert low < 0.495 < high and high - low < 0.15
