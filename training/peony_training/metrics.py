"""Figures a reader of the card can check: overlap, ranking, calibration and agreement, each with its interval.

Pictures of one patient are not independent: intervals count groups, not pictures, wherever the method allows.
"""

from collections.abc import Sequence

import numpy as np

# Half the width of a 95 % interval, in standard errors.
Z95 = 1.959964
# Bins of equal width, and groups below which a calibration error has no interval.
BINS, FEWEST_GROUPS = 10, 10
# Draws of each supposed truth, and how far, in how many steps, truths are supposed: as the program has it.
DRAWS, FARTHEST, STEPS = 600, 4.0, 64


def dice(predicted: np.ndarray, truth: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|) of two boolean masks; 1 where both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2.0 * int((predicted & truth).sum()) / total if total else 1.0


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties counted half; NaN where one class is missing."""
    if positive.all() or not positive.any():
        return float("nan")
    return float(placements(scores, positive)[0].mean())


def placements(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive the share of negatives below it, for each negative that of positives above it; ties half."""
    ups, downs = np.sort(scores[positive]), np.sort(scores[~positive])

    def below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
        both = (np.searchsorted(others, values, side) for side in ("left", "right"))
        return sum(both) / (2.0 * len(others))

    return below(scores[positive], downs), 1.0 - below(scores[~positive], ups)


def auc_interval(scores: np.ndarray, positive: np.ndarray, groups: Sequence[str]) -> tuple[float, float]:
    """95 % interval of the AUC by DeLong's method, pictures of one group taken together (Obuchowski 1997).

    With one picture a group it is the interval of DeLong et al. (1988). NaN where a class has fewer than two groups.
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    kinds = (len(np.unique(member[positive])), len(np.unique(member[~positive])))
    if min(kinds) < 2:
        return float("nan"), float("nan")
    area = auc(scores, positive)
    size = member.max() + 1
    of_positives, of_negatives = placements(scores, positive)
    ups = np.bincount(member[positive], of_positives - area, size)
    downs = np.bincount(member[~positive], of_negatives - area, size)
    m, n = len(of_positives), len(of_negatives)
    variance = (
        kinds[0] / (kinds[0] - 1) * (ups**2).sum() / m**2
        + kinds[1] / (kinds[1] - 1) * (downs**2).sum() / n**2
        + 2.0 * size / (size - 1) * (ups * downs).sum() / (m * n)
    )
    half = Z95 * float(np.sqrt(max(variance, 0.0)))
    return max(0.0, area - half), min(1.0, area + half)


def mean_interval(values: np.ndarray, groups: Sequence[str], rounds: int = 2000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of a mean by bootstrap, groups drawn with replacement."""
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(member, values), np.bincount(member)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (rounds, len(sums)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), [2.5, 97.5])
    return float(low), float(high)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); 0 to 1 where nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def weighted_kappa(said: np.ndarray, given: np.ndarray, categories: int) -> float:
    """Agreement beyond chance of two ratings 0..categories, disagreement counted by its square (Cohen 1968)."""
    table = np.zeros((categories, categories))
    np.add.at(table, (said, given), 1.0)
    rank = np.arange(categories)
    apart = (rank[:, None] - rank[None, :]) ** 2
    chance = np.outer(table.sum(1), table.sum(0)) / max(table.sum(), 1.0)
    expected = (apart * chance).sum()
    return float(1.0 - (apart * table).sum() / expected) if expected else float("nan")


def reliability(predicted: np.ndarray, outcome: np.ndarray, bins: int = BINS) -> list[dict[str, float]]:
    """Predicted against observed in bins of equal width; empty ones are left out."""
    which = np.minimum((predicted * bins).astype(int), bins - 1)
    return [
        {
            "n": int((which == b).sum()),
            "predicted": float(predicted[which == b].mean()),
            "observed": float(outcome[which == b].mean()),
        }
        for b in range(bins)
        if (which == b).any()
    ]


def calibration_error(predicted: np.ndarray, outcome: np.ndarray, bins: int = BINS) -> float:
    """Mean distance of observed from predicted over those bins, weighted by their pictures."""
    parts = reliability(predicted, outcome, bins)
    return sum(p["n"] * abs(p["predicted"] - p["observed"]) for p in parts) / max(1, len(predicted))


def calibration_interval(
    predicted: np.ndarray, outcome: np.ndarray, groups: Sequence[str], seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the true calibration error, all pictures of a group alike; NaN of fewer than ten groups.

    A test is inverted, as `peony evaluate` does and says why (`crates/peony/src/evaluate/metrics/calibration.rs`): it
    holds the errors of all supposed truths under which a value as low as the one seen, and one as high, each come in
    one of a hundred draws. Truths lie off what is predicted as was seen, more or less far, bin by bin and along a
    logistic fit. The value leans upwards by its noise, and may lie above the interval.
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    size = int(member.max(initial=-1)) + 1
    if size < FEWEST_GROUPS:
        return float("nan"), float("nan")
    bins = np.eye(BINS)[np.minimum((predicted * BINS).astype(int), BINS - 1)]
    counts = np.maximum(bins.sum(0), 1.0)

    def distance(outcomes: np.ndarray) -> np.ndarray:
        return np.abs((predicted - outcomes) @ bins).sum(-1) / len(predicted)

    value = float(distance(outcome))
    by_bin = bins @ (((predicted - outcome) @ bins) / counts)
    logits = np.log(np.clip(predicted, 1e-6, 1 - 1e-6) / (1 - np.clip(predicted, 1e-6, 1 - 1e-6)))
    by_logit = logistic_gaps(logits, outcome)
    drawn = np.random.default_rng(seed).random((DRAWS, size))[:, member]
    held = []
    for far in np.linspace(0.0, FARTHEST, STEPS + 1):
        for truth in (np.clip(predicted - far * by_bin, 0, 1), 1 / (1 + np.exp(-logits - far * by_logit))):
            values = distance((drawn < truth).astype(float))
            if min((values <= value + 1e-12).sum(), (values >= value - 1e-12).sum()) >= DRAWS // 100:
                held.append(float(distance(truth)))
    return (min(held), max(held)) if held else (0.0, value)


def logistic_gaps(logits: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """How much further up each logit would have to be, by an offset and a slope: penalised maximum likelihood."""
    design = np.stack([np.ones_like(logits), logits], -1)
    fit = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-logits - design @ fit))
        slope = (outcome - chance) @ design - fit
        curve = np.eye(2) + (design * (chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(curve, slope)
        fit += step
        if np.abs(step).max() < 1e-9:
            break
    return design @ fit


def average_precision(scores: np.ndarray, right: np.ndarray, wanted: int) -> float:
    """Area under the precision-recall curve of detections, precision made to fall only; `wanted` truths in all."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[right[order]].sum() / wanted) if wanted else float("nan")
