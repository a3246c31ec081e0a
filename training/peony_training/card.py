"""The card beside a model: what it takes, gives, was taught, reaches, and cannot do. The program reads it on load."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from peony_training.calibrate import Calibration
from peony_training.data import Case

TERMS = {
    "busi": (
        "cite; redistribution of the pictures unclear",
        "Al-Dhabyani et al., Dataset of breast ultrasound images, Data in Brief 28 (2020) 104863",
    ),
    "busbra": ("free use with citation", "Gómez-Flores et al., BUS-BRA, Med. Phys. 51 (2024) 3110"),
    "breast": ("CC BY 4.0", "Pawłowska et al., BrEaST-Lesions-USG, Sci. Data 11 (2024) 148"),
}
LIMITS = (
    "Research use only; not a medical device. A person decides.",
    "Trained on single stills of three public sets; not yet measured on a hospital outside them.",
    "Normal pictures are few (104 in training): expect false masks on normal tissue, shadows and lymph nodes.",
    "Malignancy was calibrated on a held part of the same three sets, where a third of the lesions are malignant: in "
    "screening, where few are, it overstates the risk.",
    "malignancy of a frame without a lesion means nothing; read it only where a mask is found.",
    "The network itself knows no picture that it cannot read; the program stops film mammograms, smooth pictures, "
    "fans of sector probes and pictures deeper than 100 mm before it, but other organs under a linear probe get an "
    "answer.",
    "Weights carry no picture, but were learned from data with terms of their own: see training.data.",
)
TENSORS = """
[[inputs]]
name = "luma"
shape = [1, 1, 256, 256]
dtype = "f32"
units = "grey level / 255"
space = "letterboxed frame, row-major, y down"

[[outputs]]
name = "mask"
shape = [1, 1, 128, 128]
dtype = "f32"
units = "probability"
meaning = "lesion at these 2x2 pixels"
space = "squares of 2x2 pixels of the letterboxed frame, row-major, y down"

[[outputs]]
name = "malignancy_map"
shape = [1, 1, 32, 32]
dtype = "f32"
units = "logit"
meaning = "malignancy of this cell of 8x8 pixels; of a finding: sigmoid of the mean weighted by its mask"
space = "cells of the letterboxed frame, row-major, y down"

[[outputs]]
name = "lesion"
shape = [1]
dtype = "f32"
units = "probability"
meaning = "the frame shows a lesion"
space = "frame"

[[outputs]]
name = "malignancy"
shape = [1]
dtype = "f32"
units = "probability"
meaning = "malignancy of the frame, its map weighted by its own mask"
space = "frame"
"""


@dataclass(frozen=True)
class Facts:
    """What differs from one model to the next."""

    version: str
    summary: str
    gflop: float
    mask_threshold: float
    lesion_threshold: float
    calibration: Calibration
    command: str
    seed: int
    epochs: int


def write_card(
    folder: Path, facts: Facts, learned: list[Case], figures: dict[str, dict[str, object]], more_limits: tuple[str, ...]
) -> None:
    """Write `folder`/card.toml for `folder`/model.onnx."""
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    parts = [
        table(
            None,
            {
                "format": 1,
                "name": "peony-us",
                "version": facts.version,
                "task": "breast-ultrasound-lesion",
                "file": "model.onnx",
                "sha256": digest,
                "licence": "MIT OR Apache-2.0",
                "summary": facts.summary,
                "gflop": round(facts.gflop, 3),
            },
        ),
        TENSORS.strip(),
        table("thresholds", {"mask": facts.mask_threshold, "lesion": facts.lesion_threshold}),
        table(
            "calibration",
            {
                "method": "platt",
                "slope": round(facts.calibration.slope, 4),
                "offset": round(facts.calibration.offset, 4),
                "pictures": facts.calibration.pictures,
            },
        ),
        table("training", {"command": facts.command, "seed": facts.seed, "epochs": facts.epochs}),
        *(table("[training.data]", row) for row in data_rows(learned)),
        *(table(f"metrics.{name}", row) for name, row in figures.items()),
        table("limits", {"text": [*LIMITS, *more_limits]}),
    ]
    (folder / "card.toml").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def data_rows(learned: list[Case]) -> list[dict[str, object]]:
    """One row a data set: how much of it was learned from, and on what terms."""
    return [
        {
            "name": name,
            "images": sum(c.dataset == name for c in learned),
            "patients": len({c.group for c in learned if c.dataset == name}),
            "terms": terms,
            "source": source,
        }
        for name, (terms, source) in TERMS.items()
    ]


def table(name: str | None, row: dict[str, object]) -> str:
    """One TOML table, a key a line. JSON's strings, numbers, booleans and lists are TOML's too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in row.items()]
    return "\n".join([f"[{name}]", *lines] if name else lines)
