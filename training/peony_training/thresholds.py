"""Where a probability turns into a yes, chosen on pictures held out of learning. `val` is not looked at."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from peony_training.data import LARGE, Case, load_mask, load_picture
from peony_training.preprocess import CANVAS, letterbox
from peony_training.reading import Model, Reading, Thresholds, reading_of
from peony_training.views import COARSE, Outlook, cut, lesion_free_window, sampling_grid

# The thresholds of lesion and region keep at least this share of the held-out lesions.
LEAST_SENSITIVITY = 0.95
# Of the held-out breast pictures at most this share is refused. The bound that these alone allow lies above 0.9 and
# would refuse one in twenty of BUSI's where that was not learned from: it is cut off here.
MOST_REFUSED, HIGHEST_BREAST = 0.005, 0.8
LOWEST = 0.01


def choose_thresholds(held: list[Reading], lesion_free: list[Reading]) -> Thresholds:
    """First what is no breast; then, of all pairs that keep the lesions, the one with the fewest false findings.

    A lesion is kept while its picture has a finding, as the program counts. For each threshold of the frame the
    region's is the highest that still keeps 95 % of them. The normals of a fold are few, so windows beside lesions
    stand with them in `lesion_free`. Of equal pairs the higher one is taken. Where the mask marks nothing on more of
    the lesions than may be lost, both go as low as they may.
    """
    breast = lower_bound([r.frame["breast"] for r in held], MOST_REFUSED)
    chosen = Thresholds(lesion=LOWEST, region=LOWEST, breast=min(breast, HIGHEST_BREAST))
    lesions = [r for r in held if r.case.has_lesion]
    best = (math.inf, 0.0)
    for lesion in np.arange(1, 100) / 100:
        open_to_all = replace(chosen, lesion=float(lesion), region=0.0)
        strongest = [max((f.lesion for f in r.findings(open_to_all)), default=0.0) for r in lesions]
        region = lower_bound(strongest, 1.0 - LEAST_SENSITIVITY)
        if region < LOWEST:
            break
        pair = replace(open_to_all, region=region)
        rank = (float(sum(bool(r.findings(pair)) for r in lesion_free)), -pair.lesion - region)
        if rank < best:
            best, chosen = rank, pair
    return chosen


def lower_bound(scores: list[float], lost: float) -> float:
    """The highest bound, in thousandths, below which at most a share `lost` of the scores lies."""
    return math.floor(sorted(scores)[math.floor(lost * len(scores))] * 1000.0) / 1000.0


def read_lesion_free_windows(model: Model, root: Path, cases: list[Case], seed: int) -> list[Reading]:
    """Readings of one window beside the lesion of each case that has room for one."""
    return [
        reading_of(case, model.look(window), np.zeros_like(window))
        for case, window in lesion_free_windows(root, cases, seed)
    ]


def lesion_free_windows(root: Path, cases: list[Case], seed: int) -> list[tuple[Case, np.ndarray]]:
    """Canvases, uint8 [256, 256], of tissue beside lesions; those that show too little tissue are left out."""
    rng = np.random.default_rng(seed)
    windows = []
    for case in cases:
        picture = load_picture(root, case)
        mask = np.asarray(letterbox(load_mask(root, case, picture.size), LARGE))
        step = LARGE // COARSE
        outlook = Outlook(mask.reshape(COARSE, step, COARSE, step).max((1, 3)) > 20)
        window = lesion_free_window(outlook, rng)
        if window is None:
            continue
        large = torch.from_numpy(np.array(letterbox(picture, LARGE)))[None, None]
        seen = cut(large, sampling_grid([window], None, CANVAS, large.device))
        canvas = (seen[0, 0] * 255.0).round().byte().numpy()
        if (canvas > 8).mean() >= 0.5:
            windows.append((replace(case, pathology="normal", mask="", birads=""), canvas))
    return windows
