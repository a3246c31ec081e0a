"""What an exported model says of a picture, read as the program reads it.

The ONNX file is read, not the checkpoint, from the picture at its own size through the letterbox: what is reported is
what ships.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from PIL import Image
from skimage.measure import label

from peony_training.data import Case, load_mask, load_picture
from peony_training.metrics import dice
from peony_training.net import CHANNELS, PeonyUs, pool_by_mask
from peony_training.preprocess import CANVAS, letterbox, undo_letterbox

MASK, CELLS = 128, 32
# The smallest region that may be a finding, in pixels of the mask: 0.1 % of the canvas, as the program has it.
LEAST_PIXELS = MASK * MASK // 1000
# A lesion is found in place when a finding overlaps it at least so much (intersection over union).
LEAST_OVERLAP = 0.1


@dataclass(frozen=True)
class Thresholds:
    """Where an answer turns into a yes, by the names of the card."""

    mask: float = 0.5
    lesion: float = 0.5
    region: float = 0.5
    breast: float = 0.0


@dataclass(frozen=True)
class Region:
    """A part of the mask that hangs together, large enough for a finding."""

    lesion: float  # probability: the lesion map under this part of the mask
    overlap: float  # with the true mask, intersection over union


@dataclass(frozen=True)
class Reading:
    """What the model said of one picture."""

    case: Case
    frame: dict[str, float]  # probabilities
    maps: dict[str, float]  # logits: each map's mean weighted by the mask
    regions: tuple[Region, ...]
    dice: float | None = None  # at the picture's own size; None where there is no lesion
    area: float = 0.0  # share of the picture that the true mask covers

    def findings(self, thresholds: Thresholds) -> list[Region]:
        """The program's decision: a breast, a lesion in the frame, and a region that is one."""
        if self.frame["breast"] < thresholds.breast or self.frame["lesion"] < thresholds.lesion:
            return []
        return [region for region in self.regions if region.lesion >= thresholds.region]

    def is_found_in_place(self, thresholds: Thresholds) -> bool:
        """Whether a finding lies on the lesion."""
        return any(region.overlap >= LEAST_OVERLAP for region in self.findings(thresholds))


class Seen(NamedTuple):
    """The outputs of one run."""

    mask: np.ndarray  # [2, 128, 128]
    maps: np.ndarray  # [25, 32, 32]
    frame: np.ndarray  # [4]
    state: np.ndarray | None  # [1, 32, 32, 32], with memory
    embedding: np.ndarray | None = None  # [16, 32, 32]


class Model:
    """An exported file, open on the CPU; spinning threads off, for the machine may be shared."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise SystemExit(f"there is no model {path}")
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.remembers = len(self.session.get_inputs()) == 2

    def look(self, canvas: np.ndarray, state: np.ndarray | None = None) -> Seen:
        """Run on uint8 [256, 256]; without a state this is a first frame."""
        mask, maps, embedding, frame, *after = self.session.run(None, self.inputs(canvas, state))
        return Seen(mask[0], maps[0], frame[0], after[0] if after else None, embedding[0])

    def inputs(self, canvas: np.ndarray, state: np.ndarray | None = None) -> dict[str, np.ndarray]:
        luma = canvas.astype(np.float32)[None, None] / np.float32(255.0)
        if not self.remembers:
            return {"luma": luma}
        return {"luma": luma, "state": np.zeros((1, *PeonyUs.STATE), np.float32) if state is None else state}


def read_cases_with(model: Model, root: Path, cases: list[Case], mask_threshold: float = 0.5) -> list[Reading]:
    return [read_still(model, root, case, mask_threshold)[0] for case in cases]


def read_still(model: Model, root: Path, case: Case, mask_threshold: float = 0.5) -> tuple[Reading, np.ndarray]:
    """(reading, bool mask at the picture's own size) of one picture, the letterbox undone."""
    picture = load_picture(root, case)
    truth = load_mask(root, case, picture.size)
    seen = model.look(np.asarray(letterbox(picture)))
    drawn = undo_letterbox(on_canvas(seen.mask[0]), *picture.size) >= mask_threshold
    true = np.asarray(truth) > 127
    overlap = dice(drawn, true) if case.has_lesion else None
    reading = reading_of(case, seen, np.asarray(letterbox(truth)), overlap, mask_threshold)
    return replace(reading, area=float(true.mean())), drawn


def reading_of(
    case: Case, seen: Seen, truth: np.ndarray, overlap: float | None = None, mask_threshold: float = 0.5
) -> Reading:
    """The outputs of a run as a reading; `truth` uint8 [256, 256]."""
    pooled = pool_by_mask(torch.from_numpy(seen.maps)[None], torch.from_numpy(by_cell(seen.mask[0]))[None, None])
    return Reading(
        case,
        dict(zip(CHANNELS["frame"], seen.frame.tolist(), strict=True)),
        dict(zip(CHANNELS["maps"], pooled[0].tolist(), strict=True)),
        tuple(regions_of(seen, at_mask(truth), mask_threshold)),
        overlap,
    )


def regions_of(seen: Seen, truth: np.ndarray, mask_threshold: float = 0.5) -> list[Region]:
    """The 4-connected regions of the mask; `truth` bool [128, 128]."""
    regions = []
    for here in parts_of(seen, mask_threshold):
        weight = by_cell(seen.mask[0] * here)
        logit = float((seen.maps[0] * weight).sum() / weight.sum())
        regions.append(Region(1.0 / (1.0 + np.exp(-logit)), overlap_of(here, truth)))
    return regions


def parts_of(seen: Seen, mask_threshold: float = 0.5) -> list[np.ndarray]:
    """The parts of the mask that hang together and are large enough, each bool [128, 128]."""
    labels = label(seen.mask[0] >= mask_threshold, connectivity=1)
    parts = [labels == number for number in range(1, labels.max() + 1)]
    return [here for here in parts if here.sum() >= LEAST_PIXELS]


def overlap_of(here: np.ndarray, there: np.ndarray) -> float:
    """Intersection over union; 0 where both are empty."""
    union = int((here | there).sum())
    return int((here & there).sum()) / union if union else 0.0


def by_cell(mask: np.ndarray) -> np.ndarray:
    """Mean of [128, 128] over each cell, [32, 32]."""
    return mask.reshape(CELLS, MASK // CELLS, CELLS, MASK // CELLS).mean((1, 3))


def at_mask(truth: np.ndarray) -> np.ndarray:
    """A true mask, uint8 [256, 256], at the size of the network's, bool [128, 128]."""
    return truth.reshape(MASK, 2, MASK, 2).mean((1, 3)) > 127


def on_canvas(probability: np.ndarray) -> np.ndarray:
    """The mask at the size of the canvas, interpolated, as an outline between its values is."""
    return np.asarray(Image.fromarray(probability).resize((CANVAS, CANVAS), Image.Resampling.BILINEAR))
