"""Cases of `cases.csv`, their parts, and the letterboxed pictures kept in memory.

The split goes by group (patient or near-duplicate group): `val` is only ever reported on; a part of `train` is held
out, again by group, to choose the checkpoint and the thresholds on.
"""

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from peony_training.preprocess import CANVAS, letterbox

DATASETS = ("busi", "busbra", "breast")
# Zoomed views are cut from a larger copy, so that a crop is not recognised by its blur.
LARGE = 384


@dataclass(frozen=True)
class Case:
    """One still: its files (relative to the data folder), its group, and what is known of it."""

    dataset: str
    image: str
    mask: str
    group: str
    pathology: str
    birads: str
    split: str

    @property
    def has_lesion(self) -> bool:
        return self.pathology != "normal"

    @property
    def malignant(self) -> int:
        """1 malignant, 0 benign, -1 where the question does not arise (no lesion)."""
        return {"malignant": 1, "benign": 0}.get(self.pathology, -1)

    @property
    def birads_rank(self) -> int:
        """BI-RADS 2, 3, 4, 5 as 0..3, -1 where it is not given."""
        return {"2": 0, "3": 1, "4": 2, "5": 3}.get(self.birads[:1], -1) if self.has_lesion else -1


def read_cases(root: Path) -> list[Case]:
    """The ultrasound rows of `root`/cases.csv, in file order."""
    with (root / "cases.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] in DATASETS]
    return [
        Case(
            dataset=row["dataset"],
            image=row["image"],
            mask=row["mask"],
            group=f"{row['dataset']}/{row['group']}",
            pathology=row["pathology"],
            birads=row["birads"],
            split=row["split"],
        )
        for row in rows
    ]


def hold_out(cases: list[Case], fraction: float, seed: int) -> tuple[list[Case], list[Case]]:
    """Split cases into (learn, held) by group, with the same share of each data set and pathology.

    The order of groups is that of a hash of their name and the seed: adding a case moves no other.
    """
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    strata: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, members in groups.items():
        strata[members[0].dataset, max(member.pathology for member in members)].append(name)
    held: set[str] = set()
    for names in strata.values():
        names.sort(key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
        held.update(names[: round(fraction * len(names))])
    return [c for c in cases if c.group not in held], [c for c in cases if c.group in held]


@dataclass(frozen=True)
class Pictures:
    """Letterboxed luma and masks (0 or 255, soft at edges), uint8 [n, size, size], in the order of the cases."""

    luma: np.ndarray
    mask: np.ndarray
    luma_large: np.ndarray
    mask_large: np.ndarray


def load_picture(root: Path, case: Case) -> Image.Image:
    """The 8-bit picture of a case at its own size."""
    with Image.open(root / case.image) as picture:
        return picture.copy()


def load_mask(root: Path, case: Case, size: tuple[int, int]) -> Image.Image:
    """The lesion mask of a case as 0/255; all black where there is no lesion."""
    if not case.mask:
        return Image.new("L", size, 0)
    with Image.open(root / case.mask) as mask:
        return mask.convert("L").point(lambda level: 255 if level > 0 else 0)


def load_pictures(root: Path, cases: list[Case], cache: Path | None = None) -> Pictures:
    """Letterbox every case once; with `cache`, keep the result there and read it the next time."""
    key = hashlib.sha256("\n".join(case.image for case in cases).encode()).hexdigest()[:16]
    kept = cache / f"pictures-{key}.npz" if cache else None
    if kept and kept.exists():
        with np.load(kept) as arrays:
            return Pictures(**{name: arrays[name] for name in arrays.files})
    shapes = {"luma": CANVAS, "mask": CANVAS, "luma_large": LARGE, "mask_large": LARGE}
    arrays = {name: np.zeros((len(cases), size, size), np.uint8) for name, size in shapes.items()}
    for index, case in enumerate(cases):
        picture = load_picture(root, case)
        mask = load_mask(root, case, picture.size)
        arrays["luma"][index] = letterbox(picture)
        arrays["mask"][index] = letterbox(mask)
        arrays["luma_large"][index] = letterbox(picture, LARGE)
        arrays["mask_large"][index] = letterbox(mask, LARGE)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **arrays)
    return Pictures(**arrays)
