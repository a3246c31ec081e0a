"""Could more lesions be called probably benign? What readers, the BI-RADS steps and a wider cut would hide.

The program gives a 3 (or 2) only where the calibrated probability is at most 2 %, and so rarely; readers give it often.
This says, on pictures held out of learning, how many malignant lesions lie in those that readers and steps put at 2 and
3, and in those below a cut that was set so that at most 2 % were malignant where it was set.
"""

import math

import numpy as np

from peony_training.calibrate import fit
from peony_training.data import FOLDS, fold_of
from peony_training.evaluate import Figures, given_against, known_birads, malignant, said_birads
from peony_training.lexicon import CATEGORIES
from peony_training.metrics import Z95, wilson
from peony_training.reading import Reading

# The lexicon's bounds of the categories, the last one for 4C; `BiRads::from_calibrated` has the same.
BOUNDS = (0.02, 0.10, 0.50, 0.95)
PROBABLY_BENIGN = BOUNDS[0]
SPLITS = 10


def benign_cut(lesions: list[Reading]) -> Figures:
    """For each way: lesions at 2 or 3, how many are malignant (Wilson), and its kappa against readers.

    `by_probability` and `cut` are cross-validated: probability and cut come from four fifths of the lesions, the count
    from the fifth beside them, and `n` and `malignant` are means over `SPLITS` ways to part them. `lesions_to_show_it`
    is the fewest without a malignant one among them whose interval ends at 2 %.
    """
    positive, below_3 = malignant(lesions), np.array([r.maps["birads_3"] < 0.0 for r in lesions])
    logits, none = np.array([r.maps["malignancy"] for r in lesions]), np.zeros(len(lesions))
    said: dict[str, list[np.ndarray]] = {"by_probability": [], "cut": [], "by_steps": []}
    for seed in range(SPLITS):
        folds = np.array(fold_of([r.case for r in lesions], seed=seed))
        narrow, wide = np.zeros(len(lesions), int), np.zeros(len(lesions), int)
        for fold in range(FOLDS):
            learn, held = folds != fold, folds == fold
            found = fit(logits[learn], none[learn], positive[learn].astype(float))
            risk = 1.0 / (1.0 + np.exp(-found.logits(logits, none)))
            narrow[held] = ranks(risk[held], below_3[held], PROBABLY_BENIGN)
            wide[held] = ranks(risk[held], below_3[held], widest_cut(risk[learn], positive[learn]))
        said["by_probability"].append(narrow)
        said["cut"].append(wide)
    said["by_steps"].append(np.array([said_birads(r) for r in lesions]))
    by_readers = np.array([known_birads(r) and r.case.birads[0] in "23" for r in lesions])
    return {
        "readers": counted([by_readers], positive),
        **{name: counted([way <= 1 for way in ways], positive) | kappa(lesions, ways) for name, ways in said.items()},
        "lesions_to_show_it": math.ceil(Z95**2 * (1.0 - PROBABLY_BENIGN) / PROBABLY_BENIGN),
    }


def kappa(lesions: list[Reading], ways: list[np.ndarray]) -> Figures:
    """The mean agreement with readers of several ways to give every lesion a category."""
    known = [number for number, reading in enumerate(lesions) if known_birads(reading)]
    each = [given_against([(lesions[n], CATEGORIES[way[n]]) for n in known])["weighted_kappa"] for way in ways]
    return {"weighted_kappa": float(np.mean(each))}


def widest_cut(risk: np.ndarray, positive: np.ndarray) -> float:
    """The highest risk at or below which at most 2 % are malignant; it does not reach into 4B."""
    order = np.argsort(risk, kind="stable")
    share = np.cumsum(positive[order]) / np.arange(1, len(order) + 1)
    kept = np.flatnonzero(share <= PROBABLY_BENIGN)
    return min(float(risk[order][kept[-1]]), BOUNDS[1]) if len(kept) else 0.0


def ranks(risk: np.ndarray, below_3: np.ndarray, cut: float) -> np.ndarray:
    """Index of `CATEGORIES`: 2 or 3 up to `cut`, by whether the steps say less than 3, and above it the lexicon's."""
    above = 1 + np.searchsorted(np.array([cut, *BOUNDS[1:3]]), risk, side="left") + (risk >= BOUNDS[3])
    return np.where(risk <= cut, np.where(below_3, 0, 1), above)


def counted(ways: list[np.ndarray], positive: np.ndarray) -> Figures:
    n, hits = (float(np.mean([part.sum() for part in parts])) for parts in (ways, [positive & w for w in ways]))
    return {"n": n, "malignant": hits, "share": hits / n if n else math.nan, "ci95": list(wilson(hits, n))}
