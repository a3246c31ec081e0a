"""From a checkpoint to the folder that ships: the ONNX file, its card, its figures, and the fixtures of its tests."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from peony_training.calibrate import expected_calibration_error, fit
from peony_training.card import Facts, write_card
from peony_training.data import Case, hold_out, read_cases
from peony_training.evaluate import (
    MASK_THRESHOLD,
    choose_lesion_threshold,
    open_model,
    read_cases_with,
    read_lesion_free_crops,
)
from peony_training.export import TOLERANCE, disagreement, export, load_checkpoint
from peony_training.fixtures import write_letterbox_fixtures, write_model_fixture
from peony_training.metrics import Reading, is_finding, malignancy_auc, mean_dice, summaries
from peony_training.net import count_gflop
from peony_training.train import HELD_SHARE

SUMMARY = "Lesion mask, lesion probability and malignancy from one B-mode breast ultrasound frame."


def release(root: Path, checkpoint: Path, models: Path, version: str, more_limits: tuple[str, ...]) -> None:
    """Write `models`/peony-us and `models`/fixtures from a checkpoint, and print its figures on `val`."""
    folder = models / "peony-us"
    kept = torch.load(checkpoint, weights_only=True)
    settings, epochs = kept["settings"], kept["progress"]["epoch"]
    if len(kept.get("horizons", [])) > 1:
        more_limits = (*more_limits, changed_schedule(kept["horizons"]))
    gflop = count_gflop(load_checkpoint(checkpoint))
    learned, held = hold_out([c for c in read_cases(root) if c.split == "train"], HELD_SHARE, settings["seed"])
    # Once as the network speaks, to fit the calibration on what the file says; then calibrated, as it ships.
    export(load_checkpoint(checkpoint), folder / "model.onnx")
    calibration = fit(read_cases_with(open_model(folder / "model.onnx"), root, held))
    export(load_checkpoint(checkpoint), folder / "model.onnx", calibration)
    luma = np.random.default_rng(0).random((1, 1, 256, 256), dtype=np.float32)
    apart = disagreement(load_checkpoint(checkpoint), folder / "model.onnx", luma, calibration)
    if apart > TOLERANCE:
        raise SystemExit(f"the exported file differs from PyTorch by {apart:.2g}, allowed are {TOLERANCE:.2g}")
    report = figures(root, folder / "model.onnx", held)
    report = {"version": version, "export_difference": apart, **report}
    (folder / "metrics.json").write_text(json.dumps(report, indent=2) + "\n")
    facts = Facts(
        version=version,
        summary=SUMMARY,
        gflop=gflop,
        mask_threshold=MASK_THRESHOLD,
        lesion_threshold=report["lesion_threshold"],
        calibration=calibration,
        command=f"python -m peony_training train --data DATA --run RUN --epochs {settings['epochs']} "
        f"--seed {settings['seed']}",
        seed=settings["seed"],
        epochs=epochs,
    )
    write_card(folder, facts, learned, report["val"], more_limits)
    write_letterbox_fixtures(models / "fixtures" / "letterbox")
    write_model_fixture(models / "fixtures" / "peony-us", load_checkpoint(checkpoint), version, calibration)


def changed_schedule(horizons: list[tuple[int, int]]) -> str:
    """The sentence of a card whose run was not one command from start to end."""
    parts = ", ".join(f"{epochs} after {first}" for first, epochs in horizons)
    return f"The schedule's length was changed on the way ({parts} epochs done): its command alone does not repeat it."


def figures(root: Path, model: Path, held: list[Case]) -> dict[str, object]:
    """Thresholds chosen on the held part of `train`, and every figure on `val` with them."""
    session = open_model(model)
    held_readings = read_cases_with(session, root, held)
    threshold = choose_lesion_threshold(held_readings)
    crops = read_lesion_free_crops(session, root, held, seed=0)
    val = read_cases_with(session, root, [c for c in read_cases(root) if c.split == "val"])
    report = {
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "mask_threshold": MASK_THRESHOLD,
        "lesion_threshold": threshold,
        "held": short_figures(held_readings, crops, threshold),
        "val": summaries(val, threshold),
        "val_expected_calibration_error": round(expected_calibration_error(val), 4),
    }
    for name, row in report["val"].items():
        print(name, json.dumps(row))
    print("val calibration error", report["val_expected_calibration_error"])
    print("held", json.dumps(report["held"]), "lesion threshold", threshold)
    return report


def short_figures(readings: list[Reading], crops: list[Reading], threshold: float) -> dict[str, object]:
    """What the choice of thresholds and checkpoint was made on."""
    lesions = [r for r in readings if r.pathology != "normal"]
    normals = [r for r in readings if r.pathology == "normal"]
    return {
        "dice": round(mean_dice(readings), 4),
        "auc": round(malignancy_auc(readings), 4),
        "lesions": len(lesions),
        "lesions_found": sum(is_finding(r, threshold) for r in lesions),
        "normals": len(normals),
        "false_masks_on_normals": sum(is_finding(r, threshold) for r in normals),
        "lesion_free_crops": len(crops),
        "false_masks_on_crops": sum(is_finding(r, threshold) for r in crops),
    }
