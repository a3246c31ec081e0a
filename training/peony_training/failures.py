"""Known failures as pictures: what the model misses, draws badly or grades wrongly on frames of the phantom.

Patients' pictures may not be published; the phantom's may. They show kinds of failure, not how often they come.
"""

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from peony_training import record
from peony_training.card import read_thresholds
from peony_training.data import PHANTOM, Case, unlabelled
from peony_training.evaluate import Figures, risks, rounded
from peony_training.page import write_page
from peony_training.pictures import COLUMNS, TILE, shrink_sheet, tile
from peony_training.reading import Model, Reading, Thresholds, read_cases_with

# Below this Dice an outline is called bad; beyond these risks a grade contradicts what the mass is.
GOOD_OUTLINE, LOW_RISK, HIGH_RISK = 0.7, 0.10, 0.50


def keep_failures(folder: Path, frames: Path) -> None:
    """Read `frames` with `folder`/model.onnx; write `failures-WHAT.png` there, its metrics, and its page."""
    cases, model, thresholds = read_frames(frames), Model(folder / "model.onnx"), read_thresholds(folder / "card.toml")
    if not cases:
        raise SystemExit(f"no frames of the phantom's example `frames` in {frames}")
    readings = read_cases_with(model, Path("/"), cases, thresholds.mask)
    sorted_out = {what: [r for r in readings if failure_of(r, thresholds) == what] for what in WHAT}
    for what, part in sorted_out.items():
        path = folder / f"failures-{what}.png"
        path.unlink(missing_ok=True)
        if part:
            chosen = one_of_each(part)[:COLUMNS]
            sheet = Image.new("RGB", (len(chosen) * TILE, TILE))
            for place, reading in enumerate(chosen):
                sheet.paste(tile(model, Path("/"), reading.case, thresholds), (place * TILE, 0))
            sheet.save(path)
            shrink_sheet(path)
    record.keep(folder, {"failures": rounded(counts(readings, thresholds))})
    write_page(folder)


def one_of_each(part: list[Reading]) -> list[Reading]:
    """The first of each difficulty, then the second of each, and so on."""
    seen: Counter[str] = Counter()
    turns = []
    for reading in part:
        turns.append(seen[reading.case.split])
        seen[reading.case.split] += 1
    return [part[number] for number in sorted(range(len(part)), key=turns.__getitem__)]


def read_frames(folder: Path) -> list[Case]:
    """What the phantom's example `frames` wrote: `SEED-KIND-DIFFICULTY.png` with its mask, and `SEED-none.png`."""
    cases = []
    for path in sorted(folder.resolve().glob("*.png")):
        if path.name.endswith(".mask.png"):
            continue
        seed, kind, *difficulty = path.stem.split("-")
        pathology = "normal" if kind == "none" else "malignant" if kind == "carcinoma" else "benign"
        mask = "" if kind == "none" else str(path.with_suffix(".mask.png"))
        case = unlabelled(PHANTOM, str(path), difficulty[0] if difficulty else "none", f"phantom/{seed}")
        cases.append(Case(**{**vars(case), "mask": mask, "pathology": pathology}))
    return cases


def failure_of(reading: Reading, thresholds: Thresholds) -> str | None:
    """The first of `WHAT` that is wrong with a frame."""
    if not reading.case.has_lesion:
        return "false" if reading.findings(thresholds) else None
    if not reading.is_found_in_place(thresholds):
        return "missed"
    if reading.dice < GOOD_OUTLINE:
        return "outline"
    risk = float(risks([reading])[0])
    wrong = risk <= LOW_RISK if reading.case.pathology == "malignant" else risk > HIGH_RISK
    return "grade" if wrong else None


WHAT = ("missed", "outline", "grade", "false")


def counts(readings: list[Reading], thresholds: Thresholds) -> Figures:
    """How many frames of each difficulty fail in each way."""
    rows = []
    for difficulty in sorted({r.case.split for r in readings}):
        part = [r for r in readings if r.case.split == difficulty]
        failed = [failure_of(r, thresholds) for r in part]
        dices = [r.dice for r in part if r.dice is not None]
        row: Figures = {"masses": difficulty.lower(), "frames": len(part)}
        row |= {what: failed.count(what) for what in WHAT}
        rows.append(row | ({"dice": float(np.mean(dices))} if dices else {}))
    seeds = sorted({int(r.case.group.split("/")[1]) for r in readings})
    return {"seeds": [seeds[0], seeds[-1]], "rows": rows}
