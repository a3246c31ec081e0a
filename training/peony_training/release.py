"""From a finished run to the folder that ships: the ONNX file, its card, figures, pictures and the tests' fixtures."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from peony_training import trials
from peony_training.calibrate import Calibration, calibrate
from peony_training.card import Facts, read_thresholds, write_card
from peony_training.data import DATASETS, FOLDS, Case, fold_of, read_cases
from peony_training.evaluate import Figures, by_set, figures, malignant, rounded
from peony_training.export import TOLERANCE, disagreement, export, load_checkpoint, quantise
from peony_training.fixtures import synthetic_picture, write_letterbox_fixtures, write_model_fixture
from peony_training.lexicon import STEPS
from peony_training.net import count_gflop
from peony_training.pictures import report_pictures, worst_pictures
from peony_training.plan import learned_cases, recipes
from peony_training.preprocess import CANVAS
from peony_training.reading import Model, Reading, Thresholds, read_cases_with
from peony_training.thresholds import choose_thresholds, read_lesion_free_windows

# The integer twin may ship where it loses no more than this of Dice and of AUC.
MOST_LOST = 0.005


@dataclass(frozen=True)
class Order:
    """What is to be released, and where everything lies."""

    data: Path
    phantom: Path | None
    runs: Path
    run: str
    held: (
        int | None
    )  # the fold that the run left out; None: it learned from all, and the runs RUN-0 … RUN-4 from four fifths
    version: str
    models: Path
    limits: tuple[str, ...]
    command: str | None  # how it was trained, where the plan alone does not say


@dataclass(frozen=True)
class Chosen:
    """All that was chosen on pictures held out of learning, and what it was chosen on."""

    thresholds: Thresholds
    calibration: Calibration
    report: Figures


def release(order: Order) -> None:
    """Write `models`/peony-us and `models`/fixtures, leave what may not be published in `runs`, print the figures."""
    folder = order.models / "peony-us"
    net = load_checkpoint(order.runs / f"{order.run}.pt")
    chosen = choose(order)
    export(net, folder / "model.onnx", chosen.calibration)
    apart = disagreement(net, folder / "model.onnx", canvases(), chosen.calibration)
    if apart > TOLERANCE:
        raise SystemExit(f"the exported file differs from PyTorch by {apart:.2g}, allowed are {TOLERANCE:.2g}")
    model, val = Model(folder / "model.onnx"), val_cases(order.data)
    readings = read_cases_with(model, order.data, val, chosen.thresholds.mask)
    on_val = report(order.data, model, readings, chosen.thresholds)
    metrics: Figures = {
        "version": order.version,
        "run": order.run,
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "export_difference": apart,
        "thresholds": asdict(chosen.thresholds),
        "calibration": asdict(chosen.calibration),
        "held": chosen.report,
        "val": on_val,
        "without_set": without_sets(order, chosen.thresholds),
        "memory": memory_trial(order, folder / "model.onnx", val),
        "int8": integer_trial(order, folder / "model.onnx", val, chosen.thresholds, on_val),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(folder, facts(order, chosen, net), learned(order), on_val["sets"], order.limits)
    report_pictures(folder, readings, on_val)
    worst_pictures(order.runs / "pictures", model, order.data, readings, chosen.thresholds)
    write_letterbox_fixtures(order.models / "fixtures" / "letterbox")
    write_model_fixture(order.models / "fixtures" / "peony-us", net, order.version, chosen.calibration)
    show(metrics)


def evaluate_model(root: Path, path: Path) -> None:
    """Print the figures on `val` of an exported file, with the thresholds of the card beside it."""
    thresholds = read_thresholds(path.with_name("card.toml"))
    model = Model(path)
    readings = read_cases_with(model, root, val_cases(root), thresholds.mask)
    show({"thresholds": asdict(thresholds), "val": report(root, model, readings, thresholds)})


def draw_pictures(root: Path, path: Path, out: Path, runs: Path) -> None:
    """The report's pictures of an exported file into `out`; sheets that may not be published into `runs`/pictures."""
    thresholds = read_thresholds(path.with_name("card.toml"))
    model = Model(path)
    readings = read_cases_with(model, root, val_cases(root), thresholds.mask)
    report_pictures(out, readings, figures(readings, thresholds))
    worst_pictures(runs / "pictures", model, root, readings, thresholds)


def val_cases(root: Path) -> list[Case]:
    return [case for case in read_cases(root) if case.split == "val"]


def report(root: Path, model: Model, readings: list[Reading], thresholds: Thresholds) -> Figures:
    """Every figure on `val` that needs the file alone."""
    cases = [reading.case for reading in readings]
    return {
        **figures(readings, thresholds),
        "domain": trials.domain(model, root, readings, thresholds),
        "marks": trials.marks(model, root, cases, thresholds),
    }


def show(metrics: Figures) -> None:
    """One figure or table a line."""
    for name, value in metrics.items():
        if isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):
            show({f"{name}.{key}": part for key, part in value.items()})
        else:
            print(name, json.dumps(value, ensure_ascii=False))


def choose(order: Order) -> Chosen:
    """Read pictures with networks that have not learned from them; choose thresholds and calibration on that."""
    held: list[Reading] = []
    beside: list[Reading] = []
    train = [case for case in read_cases(order.data) if case.split == "train"]
    folds = fold_of(train)
    for run, fold in held_runs(order):
        path = order.runs / f"{run}.onnx"
        export(load_checkpoint(order.runs / f"{run}.pt"), path)
        model = Model(path)
        cases = [case for case, number in zip(train, folds, strict=True) if number == fold]
        held += read_cases_with(model, order.data, cases)
        beside += read_lesion_free_windows(model, order.data, cases, seed=fold)
    lesions = [r for r in held if r.case.has_lesion]
    malignancy = np.array([r.maps["malignancy"] for r in lesions])
    steps = np.array([[r.maps[f"birads_{step}"] for step in STEPS] for r in lesions]).mean(1)
    cases = [r.case for r in lesions]
    calibration, decided = calibrate(malignancy, steps, malignant(lesions).astype(float), cases)
    normals = [r for r in held if not r.case.has_lesion]
    thresholds = choose_thresholds(held, [*normals, *beside])
    told: Figures = {
        "sets": by_set(held, thresholds),
        "refused_as_no_breast": sum(r.frame["breast"] < thresholds.breast for r in held),
        "lesion_free_windows": len(beside),
        "false_masks_on_windows": sum(bool(r.findings(thresholds)) for r in beside),
        "calibration": decided,
    }
    return Chosen(thresholds, calibration, rounded(told))


def held_runs(order: Order) -> list[tuple[str, int]]:
    """(run, fold that it left out)."""
    if order.held is not None:
        return [(order.run, order.held)]
    runs = [(f"{order.run}-{fold}", fold) for fold in range(FOLDS)]
    there = [(run, fold) for run, fold in runs if (order.runs / f"{run}.pt").exists()]
    if not there:
        raise SystemExit(f"no run has left a fold out: name it with --held, or train {order.run}-0 to {order.run}-4")
    return there


def canvases() -> list[np.ndarray]:
    """Pictures on which the exported file is held to PyTorch, one after the other."""
    noise = np.random.default_rng(0).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    return [np.asarray(synthetic_picture(CANVAS, CANVAS)), np.asarray(synthetic_picture(CANVAS, CANVAS, seed=1)), noise]


def without_sets(order: Order, thresholds: Thresholds) -> Figures:
    """What a network makes of a set that it never saw, for each set that a run has left out."""
    told: Figures = {}
    for name in DATASETS:
        checkpoint = order.runs / f"student-{name}.pt"
        if not checkpoint.exists():
            continue
        export(load_checkpoint(checkpoint), checkpoint.with_suffix(".onnx"))
        cases = [case for case in read_cases(order.data) if case.dataset == name]
        told[name] = trials.left_out(Model(checkpoint.with_suffix(".onnx")), order.data, cases, thresholds)
    return told


def memory_trial(order: Order, shipped: Path, val: list[Case]) -> Figures:
    """What ships against its twin without a memory, where there is one."""
    checkpoint = order.runs / f"{order.run}-plain.pt"
    if not checkpoint.exists() or not Model(shipped).remembers:
        return {}
    export(load_checkpoint(checkpoint), checkpoint.with_suffix(".onnx"))
    models = {"memory": Model(shipped), "plain": Model(checkpoint.with_suffix(".onnx"))}
    return trials.memory(models, order.data, val)


def integer_trial(order: Order, shipped: Path, val: list[Case], thresholds: Thresholds, on_val: Figures) -> Figures:
    """What the twin in 8-bit integers loses; it stays beside the runs."""
    path = order.runs / "model.int8.onnx"
    quantise(shipped, path, order.data, [case for case in read_cases(order.data) if case.split == "train"])
    twin = by_set(read_cases_with(Model(path), order.data, val, thresholds.mask), thresholds)["all"]
    lost = {name: on_val["sets"]["all"][name] - twin[name] for name in ("dice", "auc")}
    small = max(lost.values()) <= MOST_LOST
    return rounded({"dice_lost": lost["dice"], "auc_lost": lost["auc"], "small_enough_to_ship": small})


def learned(order: Order) -> list[Case]:
    """What the run has learned from."""
    cases, folds = learned_cases(order.data, order.phantom)
    return [case for case, fold in zip(cases, folds, strict=True) if order.held is None or fold != order.held]


def facts(order: Order, chosen: Chosen, net: torch.nn.Module) -> Facts:
    recipe = recipe_of(order)
    epochs, clip_epochs, seed = recipe["epochs"], recipe["clip_epochs"], recipe["seed"]
    plan = f"--epochs {epochs} --clip-epochs {clip_epochs} --seed {seed - (recipe['fold'] or 0)}"
    needed = [*recipe["teachers"], *([recipe["start"]] if recipe["start"] else []), order.run]
    only = " ".join(f"--only {name}" for name in needed)
    command = f"python -m peony_training train --data DATA --phantom PHANTOM --runs RUNS {only} {plan}"
    return Facts(
        version=order.version,
        remembers=net.memory is not None,
        gflop=count_gflop(net),
        thresholds=chosen.thresholds,
        calibration=chosen.calibration,
        command=order.command or command,
        seed=seed,
        epochs=epochs + clip_epochs,
    )


def recipe_of(order: Order) -> dict[str, object]:
    """The recipe that the run was made by: its checkpoint's, or the plan's where no checkpoint was kept."""
    checkpoint = order.runs / order.run / "last.pt"
    if checkpoint.exists():
        return torch.load(checkpoint, map_location="cpu", weights_only=True)["recipe"]
    for recipe in recipes():
        if recipe.name == order.run:
            return asdict(recipe)
    raise SystemExit(f"{checkpoint} is not there and the plan has no run {order.run}")
