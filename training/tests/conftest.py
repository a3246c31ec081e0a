"""A shelf of drawn cases: no patient is in these tests."""

import numpy as np
import pytest
import torch

from peony_training.batches import Shelf
from peony_training.data import LARGE, OUTSIDE, PHANTOM, Case, Pictures, unlabelled
from peony_training.fixtures import synthetic_picture
from peony_training.lexicon import UNKNOWN, birads_steps
from peony_training.preprocess import CANVAS, letterbox

# Left, top, width and height of a lesion, as shares of the canvas.
BOXES = ((0.35, 0.30, 0.22, 0.16), (0.10, 0.25, 0.20, 0.20), (0.55, 0.50, 0.25, 0.15), (0.20, 0.60, 0.15, 0.12))


def lesion_mask(box: tuple[float, float, float, float] | None, size: int = LARGE) -> np.ndarray:
    """An ellipse of 255 in that box."""
    if box is None:
        return np.zeros((size, size), np.uint8)
    left, top, width, height = box
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    inside = ((x - left - width / 2) / width) ** 2 + ((y - top - height / 2) / height) ** 2 < 0.25
    return np.where(inside, 255, 0).astype(np.uint8)


def lesion_case(name: str, group: str, pathology: str, dataset: str = "busi", birads: str = "3") -> Case:
    return Case(
        dataset,
        f"{name}.png",
        "" if pathology == "normal" else f"{name}.mask.png",
        f"{dataset}/{group}",
        pathology,
        birads,
        "train",
        steps=tuple(birads_steps(birads)),
        descriptors=(1.0,) * 18,
        tissue=(UNKNOWN, UNKNOWN),
    )


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    """Twelve pictures with a lesion, two without, a burst of the phantom in three frames, two from outside."""
    cases = [lesion_case(str(i), str(i), "malignant" if i % 3 == 0 else "benign") for i in range(12)]
    boxes: list[tuple[float, float, float, float] | None] = [BOXES[i % 4] for i in range(12)]
    cases += [lesion_case(f"n{i}", f"n{i}", "normal") for i in range(2)]
    boxes += [None, None]
    for frame in range(3):
        box = BOXES[frame] if frame else None
        case = unlabelled(PHANTOM, f"7-0-{frame}.png", "train", "phantom/7")
        pathology = "malignant" if frame else "normal"
        words = (1.0,) * 18 if frame else case.descriptors
        cases.append(Case(**{**vars(case), "pathology": pathology, "burst": "phantom/7-0", "descriptors": words}))
        boxes.append(box)
    cases += [unlabelled(OUTSIDE, f"drawn-{i}", "train", f"drawn/{i}") for i in range(2)]
    boxes += [None, None]
    large = [np.asarray(letterbox(synthetic_picture(LARGE, LARGE, seed=i), LARGE)) for i in range(len(cases))]
    small = [np.asarray(letterbox(synthetic_picture(CANVAS, CANVAS, seed=i))) for i in range(len(cases))]
    pictures = Pictures(np.stack(small), np.stack(large), np.stack([lesion_mask(box) for box in boxes]))
    return Shelf(cases, pictures, torch.device("cpu"), seed=0)
