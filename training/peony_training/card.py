"""The card beside a model: what it takes, gives, was taught, reaches, and cannot do. The program reads it on load."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from peony_training.calibrate import Calibration
from peony_training.data import OUTSIDE, PHANTOM, Case
from peony_training.net import CHANNELS, EMBEDDING, PeonyUs
from peony_training.preprocess import CANVAS
from peony_training.reading import CELLS, MASK, Thresholds
from peony_training.record import TWIN, digest

MASK_SPACE = "squares of 2x2 pixels of the letterboxed frame, row-major, y down"
CELL_SPACE = "cells of 8x8 pixels of the letterboxed frame, row-major, y down"
TERMS = {
    "busi": (
        "cite; redistribution of the pictures unclear",
        "Al-Dhabyani et al., Dataset of breast ultrasound images, Data in Brief 28 (2020) 104863",
    ),
    "busbra": ("free use with citation", "Gómez-Flores et al., BUS-BRA, Med. Phys. 51 (2024) 3110"),
    "breast": ("CC BY 4.0", "Pawłowska et al., BrEaST-Lesions-USG, Sci. Data 11 (2024) 148"),
    "mias": ("research only; not to be redistributed", "Suckling et al., mini-MIAS (1994), as pictures not to be read"),
    PHANTOM: ("MIT OR Apache-2.0", "Peony's own phantom, example `bursts`"),
    "drawn": (
        "MIT OR Apache-2.0",
        "screens, noise, patterns and scikit-image's photographs, as pictures not to be read",
    ),
}


@dataclass(frozen=True)
class Facts:
    """What differs from one model to the next."""

    version: str
    remembers: bool
    gflop: float
    thresholds: Thresholds
    calibration: Calibration
    command: str
    seed: int
    epochs: int


def write_card(
    folder: Path, facts: Facts, learned: list[Case], figures: Mapping[str, object], more_limits: tuple[str, ...]
) -> None:
    """Write `folder`/card.toml for `folder`/model.onnx and its twin, if any; `figures` are one table a data set."""
    inputs, outputs = tensors(facts.remembers)
    parts = [
        table(
            None,
            {
                "format": 1,
                "name": "peony-us",
                "version": facts.version,
                "task": "breast-ultrasound-lesion",
                "file": "model.onnx",
                "sha256": digest(folder),
                "licence": "MIT OR Apache-2.0",
                "summary": summary(facts),
                "gflop": round(facts.gflop, 3),
                # Others are added where the program was measured in them.
                "precisions": ["fp32"],
            },
        ),
        *([table("int8", {"file": TWIN, "sha256": digest(folder, TWIN)})] if (folder / TWIN).exists() else []),
        *(table("[inputs]", row) for row in inputs),
        *(table("[outputs]", row) for row in outputs),
        table("thresholds", asdict(facts.thresholds)),
        table(
            "calibration",
            {
                "method": "platt",
                "slope": round(facts.calibration.slope, 4),
                "offset": round(facts.calibration.offset, 4),
                "steps": round(facts.calibration.steps, 4),
                "pictures": facts.calibration.pictures,
            },
        ),
        table("training", {"command": facts.command, "seed": facts.seed, "epochs": facts.epochs}),
        *(table("[training.data]", row) for row in data_rows(learned)),
        *(table(f"metrics.{name}", row) for name, row in figures.items()),
        table("limits", {"text": [*limits(learned), *more_limits]}),
    ]
    (folder / "card.toml").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def read_thresholds(card: Path) -> Thresholds:
    """The thresholds that a card names."""
    return Thresholds(**tomllib.loads(card.read_text(encoding="utf-8"))["thresholds"])


def write_precisions(card: Path, precisions: list[str]) -> None:
    """Say on the card in which precisions the model may run without being asked: those that lose little on `val`."""
    lines = card.read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("precisions = "))
    lines[place] = f"precisions = {json.dumps(list(dict.fromkeys(precisions)))}"
    card.write_text("\n".join(lines) + "\n", encoding="utf-8")


def summary(facts: Facts) -> str:
    what = "Lesions, their malignancy, BI-RADS and lexicon descriptors from a B-mode breast ultrasound frame"
    return f"{what} and what the frames before it left." if facts.remembers else f"{what}."


def tensors(remembers: bool) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Inputs and outputs in the order of the file."""

    def tensor(name: str, shape: list[int], units: str, meaning: str | None, space: str) -> dict[str, object]:
        row: dict[str, object] = {"name": name, "shape": [1, *shape], "dtype": "f32"}
        if name in CHANNELS:
            row["channels"] = list(CHANNELS[name])
        row["units"] = units
        if meaning is not None:
            row["meaning"] = meaning
        return row | {"space": space}

    means = {name: len(channels) for name, channels in CHANNELS.items()}
    state = list(PeonyUs.STATE)
    before, after = "what the frame before left; zeros before a first frame", "what the next frame is to be given"
    inputs = [tensor("luma", [1, CANVAS, CANVAS], "grey level / 255", None, "letterboxed frame, row-major, y down")]
    outputs = [
        tensor(
            "mask",
            [means["mask"], MASK, MASK],
            "probability",
            "lesion: one is here; core: its inner part, which no neighbour touches",
            MASK_SPACE,
        ),
        tensor(
            "maps",
            [means["maps"], CELLS, CELLS],
            "logit",
            "yes to this question here; of a finding: sigmoid of the mean weighted by its mask. birads_3: 3 or higher",
            CELL_SPACE,
        ),
        tensor("embedding", [EMBEDDING, CELLS, CELLS], "none", "alike for one lesion from frame to frame", CELL_SPACE),
        tensor(
            "frame",
            [means["frame"]],
            "probability",
            "a lesion is seen; this is a B-mode breast picture; tissue is even; tissue is mostly gland",
            "frame",
        ),
    ]
    if remembers:
        inputs.append(tensor("state", state, "none", before, CELL_SPACE))
        outputs.append(tensor("state_out", state, "none", after, CELL_SPACE))
    return inputs, outputs


def limits(learned: list[Case]) -> list[str]:
    normals = sum(case.pathology == "normal" and case.dataset in ("busi", "breast") for case in learned)
    described = sum(case.dataset == "breast" and case.has_lesion for case in learned)
    return [
        "Research use only; not a medical device. A person decides.",
        "Learned from stills of three public sets and from motion drawn over them, never from a patient's sweep; not "
        "yet measured on a hospital outside them.",
        f"Normal pictures are few ({normals} in training): expect false masks on normal tissue, shadows and nodes.",
        "Malignancy was calibrated on a held part of the same three sets, where a third of the lesions are malignant: "
        "in screening, where few are, it overstates the risk.",
        f"Descriptors and the letters of BI-RADS 4 were learned from {described} lesions of one set, each read once.",
        "The maps mean something only under a finding: pool them by its mask.",
        "frame.breast was learned against film mammograms, drawn pictures, photographs and fans bent from breasts: "
        "another organ under a linear probe may pass as a breast.",
        "Weights carry no picture, but were learned from data with terms of their own: see training.data.",
    ]


def data_rows(learned: list[Case]) -> list[dict[str, object]]:
    """One row a source: how much of it was learned from, and on what terms."""
    sources = [source_of(case) for case in learned]
    return [
        {
            "name": name,
            "images": sources.count(name),
            "patients": len({c.group for c, source in zip(learned, sources, strict=True) if source == name}),
            "terms": terms,
            "source": source,
        }
        for name, (terms, source) in TERMS.items()
        if name in sources
    ]


def source_of(case: Case) -> str:
    """The name in `TERMS`: pictures from outside are films or drawn."""
    return case.group.split("/")[0] if case.dataset == OUTSIDE else case.dataset


def table(name: str | None, row: Mapping[str, object]) -> str:
    """One TOML table, a key a line. JSON's strings, numbers, booleans and lists are TOML's too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in row.items()]
    return "\n".join([f"[{name}]", *lines] if name else lines)
