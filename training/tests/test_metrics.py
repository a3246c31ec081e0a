"""The figures, on cases small enough to count by hand or to draw again."""

import math

import numpy as np
import pytest

from peony_training.metrics import (
    auc,
    auc_interval,
    average_precision,
    calibration_error,
    calibration_interval,
    dice,
    mean_interval,
    reliability,
    weighted_kappa,
    wilson,
)


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


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.35
    return rng.normal(positive * 1.4, 1.0), positive


def test_the_interval_of_the_auc_is_that_of_a_bootstrap() -> None:
    scores, positive = drawn(300)
    low, high = auc_interval(scores, positive, [str(i) for i in range(300)])
    rng = np.random.default_rng(1)
    again = [auc(scores[i], positive[i]) for i in rng.integers(0, 300, (2000, 300))]
    assert (low, high) == pytest.approx(tuple(np.percentile(again, [2.5, 97.5])), abs=0.012)


def test_pictures_that_come_twice_do_not_make_the_interval_narrower() -> None:
    scores, positive = drawn(200)
    groups = [str(i) for i in range(200)]
    low, high = auc_interval(scores, positive, groups)
    twice = auc_interval(np.tile(scores, 2), np.tile(positive, 2), groups * 2)
    assert twice == pytest.approx((low, high), abs=1e-9)
    naive = auc_interval(np.tile(scores, 2), np.tile(positive, 2), [str(i) for i in range(400)])
    assert naive[1] - naive[0] < 0.8 * (high - low)


def test_the_interval_of_a_mean_counts_groups() -> None:
    values = np.arange(100) / 100
    low, high = mean_interval(values, [str(i) for i in range(100)])
    assert low < 0.495 < high and high - low < 0.15
    assert mean_interval(values, ["one"] * 100) == pytest.approx((0.495, 0.495))


@pytest.mark.parametrize(
    ("hits", "n", "expected"),
    [
        (0, 10, (0.0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 0, (0, 1)),
    ],
)
def test_wilson(hits: int, n: int, expected: tuple[float, float]) -> None:
    """The middle ones are examples of Newcombe, Stat. Med. 17 (1998) 857."""
    assert wilson(hits, n) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("said", "given", "expected"),
    [
        ([0, 1, 2], [0, 1, 2], 1.0),
        # Observed 1; expected by chance 20 / 4.
        ([0, 1, 2, 2], [0, 1, 2, 1], 0.8),
        ([0, 2], [2, 0], -1.0),
    ],
)
def test_weighted_kappa(said: list[int], given: list[int], expected: float) -> None:
    assert weighted_kappa(np.array(said), np.array(given), 3) == pytest.approx(expected)


def test_calibration_error_is_the_gap_weighted_by_pictures() -> None:
    predicted = np.array([0.05, 0.05, 0.95, 0.95])
    outcome = np.array([0.0, 0.0, 1.0, 0.0])
    assert [row["n"] for row in reliability(predicted, outcome)] == [2, 2]
    assert calibration_error(predicted, outcome) == pytest.approx(0.5 * 0.05 + 0.5 * 0.45)


def test_the_interval_of_a_calibration_error_holds_the_true_one() -> None:
    """As the program's, whose own test draws more: here ten sets each of what is said rightly and twice too low."""
    rng = np.random.default_rng(5)
    for odds in (1.0, 2.0):
        held = 0
        for _ in range(10):
            predicted = rng.beta(1.0, 2.0, 200)
            truth = odds * predicted / (1.0 - predicted + odds * predicted)
            outcome = (rng.random(200) < truth).astype(float)
            low, high = calibration_interval(predicted, outcome, [str(i) for i in range(200)])
            held += low <= calibration_error(predicted, truth) <= high
        assert held >= 9, odds


def test_the_interval_of_a_calibration_error_counts_patients() -> None:
    predicted = np.random.default_rng(2).beta(1.0, 2.0, 100)
    outcome = (np.random.default_rng(3).random(100) < predicted).astype(float)
    low, high = calibration_interval(predicted, outcome, [str(i) for i in range(100)])
    tens = calibration_interval(predicted, outcome, [str(i // 5) for i in range(100)])
    assert low == tens[0] == 0.0 and tens[1] > high
    assert math.isnan(calibration_interval(predicted[:9], outcome[:9], [str(i) for i in range(9)])[0])


def test_average_precision_by_hand() -> None:
    scores, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])
    assert average_precision(scores, right, 2) == pytest.approx((1.0 + 2 / 3) / 2)
    assert average_precision(scores, right, 4) == pytest.approx((1.0 + 2 / 3) / 4)


def test_dice() -> None:
    left, both = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert dice(left, both) == 0.5
    assert dice(~left & left, ~left & left) == 1.0
