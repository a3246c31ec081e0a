"""Readings of a set of cases by the exported model, as the program would give them, and the thresholds chosen on them.

The ONNX file is read, not the checkpoint: what is reported is what ships.
"""

import math
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from peony_training.augment import Source, cut, lesion_free_window
from peony_training.data import Case, load_mask, load_picture
from peony_training.metrics import LEAST_REGION, Reading, dice, largest_region
from peony_training.preprocess import CANVAS, letterbox, undo_letterbox

MASK_THRESHOLD = 0.5
# The lesion threshold is the highest that keeps this share of the held-out lesions.
LEAST_SENSITIVITY = 0.95


def open_model(path: Path) -> onnxruntime.InferenceSession:
    """A session on the CPU; spinning threads off, for the machine may be shared."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run_model(session: onnxruntime.InferenceSession, canvas: np.ndarray) -> tuple[np.ndarray, float, float]:
    """uint8 [256, 256] → (mask probability float32 [128, 128], lesion, malignancy)."""
    luma = canvas.astype(np.float32)[None, None] / np.float32(255.0)
    mask, lesion, malignancy = session.run(["mask", "lesion", "malignancy"], {"luma": luma})
    return mask[0, 0], float(lesion[0]), float(malignancy[0])


def read_case(session: onnxruntime.InferenceSession, root: Path, case: Case) -> Reading:
    """What the model says of one still; Dice at the picture's own size, the letterbox undone."""
    picture = load_picture(root, case)
    probability, lesion, malignancy = run_model(session, np.asarray(letterbox(picture)))
    overlap = None
    if case.has_lesion:
        truth = np.asarray(load_mask(root, case, picture.size)) > 127
        overlap = dice(undo_letterbox(on_canvas(probability), *picture.size) > MASK_THRESHOLD, truth)
    region = largest_region(probability > MASK_THRESHOLD) / probability.size
    return Reading(case.dataset, case.group, case.pathology, overlap, malignancy, lesion, region)


def on_canvas(probability: np.ndarray) -> np.ndarray:
    """The mask at the size of the canvas, interpolated, as an outline between its values is."""
    return np.asarray(Image.fromarray(probability).resize((CANVAS, CANVAS), Image.Resampling.BILINEAR))


def read_cases_with(session: onnxruntime.InferenceSession, root: Path, cases: list[Case]) -> list[Reading]:
    return [read_case(session, root, case) for case in cases]


def choose_lesion_threshold(readings: list[Reading]) -> float:
    """The highest threshold that still finds `LEAST_SENSITIVITY` of the lesions that the mask finds.

    Held-out normals are too few to choose on; lesions are many.
    """
    scores = sorted(r.lesion if r.largest_region >= LEAST_REGION else 0.0 for r in readings if r.pathology != "normal")
    lost = int((1.0 - LEAST_SENSITIVITY) * len(scores))
    return max(0.01, math.floor(scores[lost] * 1000.0) / 1000.0)


def read_lesion_free_crops(
    session: onnxruntime.InferenceSession, root: Path, cases: list[Case], seed: int
) -> list[Reading]:
    """Readings of one crop beside the lesion of each case that has room for one: more normals than the few given."""
    rng = np.random.default_rng(seed)
    readings = []
    for case in cases:
        picture = load_picture(root, case)
        luma, mask = (np.asarray(letterbox(p)) for p in (picture, load_mask(root, case, picture.size)))
        window = lesion_free_window(mask, rng)
        if window is None:
            continue
        large = np.asarray(letterbox(picture, CANVAS * 3 // 2))
        crop, _ = cut(Source(luma, mask, large, np.zeros_like(large)), window, flip=False)
        if is_dark(crop):
            continue
        probability, lesion, malignancy = run_model(session, np.asarray(crop))
        region = largest_region(probability > MASK_THRESHOLD) / probability.size
        readings.append(Reading(case.dataset, case.group, "normal", None, malignancy, lesion, region))
    return readings


def is_dark(picture: Image.Image) -> bool:
    """Whether less than half of a crop shows tissue; such a crop says nothing of tissue."""
    return bool((np.asarray(picture) > 8).mean() < 0.5)
