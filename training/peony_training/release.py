"""From a finished run to the folder that ships: the ONNX file, its card, figures, pictures and the tests' fixtures."""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from peony_training import record, trials
from peony_training.calibrate import Calibration, calibrate
from peony_training.card import Facts, read_thresholds, write_card
from peony_training.categories import benign_cut
from peony_training.data import DATASETS, FOLDS, Case, fold_of, read_cases
from peony_training.evaluate import Figures, by_set, figures, malignant, rounded
from peony_training.export import TOLERANCE, disagreement, export, load_checkpoint, quantise
from peony_training.fixtures import synthetic_picture, write_letterbox_fixtures, write_model_fixture
from peony_training.lexicon import STEPS
from peony_training.net import count_gflop
from peony_training.page import write_page
from peony_training.pictures import report_pictures, worst_pictures
from peony_training.plan import learned_cases, needed, recipes, small_recipes
from peony_training.preprocess import CANVAS
from peony_training.reading import Model, Reading, Thresholds, read_cases_with
from peony_training.thresholds import choose_thresholds, read_lesion_free_windows

# The integer twin ships where it loses no more than this of Dice and of AUC.
MOST_LOST = 0.005
# Figures in which the words of the lexicon have no part.
WORDLESS = ("memory", "failures")


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
    chosen_with: Path | None = None  # the folder of an earlier release, whose thresholds and calibration these are


@dataclass(frozen=True)
class Chosen:
    """All that was chosen on pictures held out of learning, and what it was chosen on."""

    thresholds: Thresholds
    calibration: Calibration
    report: Figures


def release(order: Order) -> None:
    """Write `models`/peony-us and `models`/fixtures, leave what may not be published in `runs`, print the figures.

    What other commands have measured on this very file stays in `metrics.json`; of another file nothing does.
    """
    folder = order.models / "peony-us"
    net = load_checkpoint(order.runs / f"{order.run}.pt")
    chosen, before = choose(order), record.read(folder)
    export(net, folder / "model.onnx", chosen.calibration)
    apart = disagreement(net, folder / "model.onnx", canvases(), chosen.calibration)
    if apart > TOLERANCE:
        raise SystemExit(f"the exported file differs from PyTorch by {apart:.2g}, allowed are {TOLERANCE:.2g}")
    model, val = Model(folder / "model.onnx"), val_cases(order.data)
    readings = read_cases_with(model, order.data, val, chosen.thresholds.mask)
    on_val = report(order.data, model, readings, chosen.thresholds)
    metrics: Figures = carried(recipe_of(order), chosen.thresholds, before) | {
        "version": order.version,
        "run": order.run,
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "export_difference": apart,
        "thresholds": asdict(chosen.thresholds),
        "calibration": asdict(chosen.calibration),
        "held": chosen.report,
        "val": on_val,
        **found("without_set", all_without_sets(order, chosen.thresholds, before)),
        **found("memory", memory_trial(order, folder / "model.onnx", val)),
        "int8": integer_twin(order, folder, val, chosen.thresholds, on_val),
    }
    write_card(folder, facts(order, chosen, net), learned(order), on_val["sets"], order.limits)
    report_pictures(folder, readings, on_val)
    record.keep(folder, metrics)
    write_page(folder)
    worst_pictures(order.runs / "pictures", model, order.data, readings, chosen.thresholds)
    write_letterbox_fixtures(order.models / "fixtures" / "letterbox")
    write_model_fixture(order.models / "fixtures" / "peony-us", net, order.version, chosen.calibration)
    show(metrics)


def found(name: str, figures: Figures) -> Figures:
    return {name: figures} if figures else {}


def carried(recipe: dict[str, object], thresholds: Thresholds, before: Figures) -> Figures:
    """Figures of the file that a lesson in words went on with, in which words have no part."""
    same = recipe["kind"] == "words" and before.get("sha256") == recipe["start"]
    same = same and before["thresholds"] == asdict(thresholds)
    return {name: before[name] for name in WORDLESS if name in before} if same else {}


def evaluate_model(root: Path, path: Path, keep: bool = False) -> None:
    """Print the figures on `val` of an exported file, with the thresholds of the card beside it.

    With `keep` they also go into `metrics.json` beside it and onto its page; the card's own must be the same.
    """
    model, thresholds = Model(path), read_thresholds(path.with_name("card.toml"))
    readings = read_cases_with(model, root, val_cases(root), thresholds.mask)
    on_val = report(root, model, readings, thresholds)
    show({"thresholds": asdict(thresholds), "val": on_val})
    if not keep:
        return
    if on_val["sets"] != tomllib.loads(path.with_name("card.toml").read_text(encoding="utf-8"))["metrics"]:
        raise SystemExit("the figures of the card are others: export the run again")
    record.keep(path.parent, {"val": on_val})
    write_page(path.parent)


def draw_pictures(root: Path, path: Path, out: Path, runs: Path) -> None:
    """The report's pictures of an exported file into `out`; sheets that may not be published into `runs`/pictures."""
    model, thresholds = Model(path), read_thresholds(path.with_name("card.toml"))
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
        "embedding": trials.embedding(model, root, cases),
    }


def show(metrics: Figures) -> None:
    """One figure or table a line."""
    for name, value in metrics.items():
        if isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):
            show({f"{name}.{key}": part for key, part in value.items()})
        else:
            print(name, json.dumps(value, ensure_ascii=False))


def choose(order: Order) -> Chosen:
    """Read pictures with networks that have not learned from them; choose thresholds and calibration on that.

    With `chosen_with` they are those of an earlier release, and the record says of which.
    """
    if order.chosen_with:
        return chosen_before(order.chosen_with)
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
        "categories": benign_cut(lesions),
    }
    return Chosen(thresholds, calibration, rounded(told))


def chosen_before(folder: Path) -> Chosen:
    """What was chosen for the release in `folder`, and the version whose network had left those pictures out."""
    told = record.read(folder)
    if not told:
        raise SystemExit(f"{folder} holds no model.onnx with the figures of its release: nothing was chosen with it")
    held = {"version": told["version"], **told["held"]}
    return Chosen(Thresholds(**told["thresholds"]), Calibration(**told["calibration"]), held)


def held_runs(order: Order) -> list[tuple[str, int]]:
    """(run, fold that it left out)."""
    if order.held is not None:
        return [(order.run, order.held)]
    runs = [(f"{order.run}-{fold}", fold) for fold in range(FOLDS)]
    there = [(run, fold) for run, fold in runs if (order.runs / f"{run}.pt").exists()]
    if not there:
        raise SystemExit(
            f"no run has left a fold out: name it with --held, train {order.run}-0 to {order.run}-4, or take what was "
            "chosen for an earlier release, with --chosen-with"
        )
    return there


def canvases() -> list[np.ndarray]:
    """Pictures on which the exported file is held to PyTorch, one after the other."""
    noise = np.random.default_rng(0).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    return [np.asarray(synthetic_picture(CANVAS, CANVAS)), np.asarray(synthetic_picture(CANVAS, CANVAS, seed=1)), noise]


def stem(run: str) -> str:
    """The name that a run shares with those that leave something else out: `student-plain` of `student-plain-0`."""
    name, _, last = run.rpartition("-")
    return name if last.isdigit() else run


def without_sets(data: Path, runs: Path, name: str, thresholds: Thresholds) -> Figures:
    """What a network makes of a set that it never saw, for each set that a run `name`-SET has left out.

    All of the set is read, `train` and `val`. Malignancy is not calibrated; thresholds are those of what ships.
    """
    told: Figures = {}
    for dataset in DATASETS:
        checkpoint = runs / f"{name}-{dataset}.pt"
        if not checkpoint.exists():
            continue
        export(load_checkpoint(checkpoint), checkpoint.with_suffix(".onnx"))
        cases = [case for case in read_cases(data) if case.dataset == dataset]
        told[dataset] = trials.left_out(Model(checkpoint.with_suffix(".onnx")), data, cases, thresholds)
        kept = runs / checkpoint.stem / "last.pt"
        if kept.exists():
            told[dataset] |= made_by(torch.load(kept, map_location="cpu", weights_only=True)["recipe"])
    return told


def all_without_sets(order: Order, thresholds: Thresholds, before: Figures) -> Figures:
    """Sets left out by runs of the folder, and where no run is there as measured before: with the same thresholds."""
    kept = before.get("without_set", {}) if before.get("thresholds") == asdict(thresholds) else {}
    return {**kept, **without_sets(order.data, order.runs, stem(order.run), thresholds)}


def made_by(recipe: dict[str, object]) -> Figures:
    names = ("name", "epochs", "clip_epochs", "teachers", "seed")
    return {"run": {name: recipe[name] if name != "teachers" else len(recipe[name]) for name in names}}


def keep_without_sets(data: Path, runs: Path, name: str, folder: Path) -> None:
    """Measure the runs that left a set out, put that into `folder`/metrics.json and onto the page."""
    told = without_sets(data, runs, name, read_thresholds(folder / "card.toml"))
    if not told:
        raise SystemExit(f"there is no {name}-SET.pt in {runs}")
    record.keep(folder, {"without_set": told})
    write_page(folder)
    show({"without_set": told})


def memory_trial(order: Order, shipped: Path, val: list[Case]) -> Figures:
    """The run against its twin with, or without, a memory, where there is one."""
    remembers = Model(shipped).remembers
    twin = order.runs / f"{twin_of(order.run)}.pt"
    if not twin.exists():
        return {}
    export(load_checkpoint(twin), twin.with_suffix(".onnx"))
    models = [Model(shipped), Model(twin.with_suffix(".onnx"))]
    with_memory, plain = models if remembers else models[::-1]
    return trials.memory({"memory": with_memory, "plain": plain}, order.data, val)


def twin_of(run: str) -> str:
    """`student-plain-2` of `student-2`, and the other way."""
    other = run.replace("student-plain", "student")
    return other if other != run else run.replace("student", "student-plain", 1)


def integer_twin(order: Order, folder: Path, val: list[Case], thresholds: Thresholds, on_val: Figures) -> Figures:
    """Make the twin in 8-bit integers, and tell what it loses against fp32, both on ONNX Runtime.

    It ships where that is little, and goes beside the runs where it is not.
    """
    path = folder / record.TWIN
    train = [case for case in read_cases(order.data) if case.split == "train"]
    quantise(folder / "model.onnx", path, order.data, train)
    twin = by_set(read_cases_with(Model(path), order.data, val, thresholds.mask), thresholds)["all"]
    lost = {name: on_val["sets"]["all"][name] - twin[name] for name in ("dice", "auc")}
    small = max(lost.values()) <= MOST_LOST
    if not small:
        path.replace(order.runs / record.TWIN)
    kept = {name: twin[name] for name in ("dice", "auc", "false_masks_on_normals")}
    return rounded({**kept, "dice_lost": lost["dice"], "auc_lost": lost["auc"], "small_enough_to_ship": small})


def learned(order: Order) -> list[Case]:
    """What the run has learned from."""
    cases, folds = learned_cases(order.data, order.phantom)
    return [case for case, fold in zip(cases, folds, strict=True) if order.held is None or fold != order.held]


def facts(order: Order, chosen: Chosen, net: torch.nn.Module) -> Facts:
    recipe = recipe_of(order)
    return Facts(
        version=order.version,
        remembers=net.memory is not None,
        gflop=count_gflop(net),
        thresholds=chosen.thresholds,
        calibration=chosen.calibration,
        command=order.command or command_of(recipe, order.runs),
        seed=recipe["seed"],
        epochs=recipe["epochs"] + recipe["clip_epochs"],
    )


def command_of(recipe: dict[str, object], runs: Path) -> str:
    """The command that makes the run again. One that is not of the plan has none: how it was made is to be said."""
    if recipe["kind"] == "words":
        given = "--data DATA --phantom PHANTOM --runs RUNS --start MODEL"
        options = f"--run {recipe['name']} --held {recipe['fold']} --epochs {recipe['epochs']} --seed {recipe['seed']}"
        began = f"where MODEL is the model.onnx whose SHA-256 begins {recipe['start'][:12]}"
        return f"python -m peony_training words {given} {options}, {began}"
    epochs, clip_epochs, seed = recipe["epochs"], recipe["clip_epochs"], recipe["seed"] - (recipe["fold"] or 0)
    teacher_epochs = {
        torch.load(path, map_location="cpu", weights_only=True)["recipe"]["epochs"]
        for path in (runs / name / "last.pt" for name in recipe["teachers"])
        if path.exists()
    }
    plans = {
        f"--epochs {epochs} --clip-epochs {clip_epochs} --seed {seed}": recipes(18, epochs, clip_epochs, seed),
        f"--small --epochs {epochs} --clip-epochs {clip_epochs} --seed {seed}": small_recipes(
            18, epochs, clip_epochs, seed
        ),
    }
    for options, every in plans.items():
        if json.loads(json.dumps(recipe)) in [json.loads(json.dumps(asdict(planned))) for planned in every]:
            only = " ".join(f"--only {planned.name}" for planned in needed(recipe["name"], every))
            taught = f" --teacher-epochs {teacher_epochs.pop()}" if len(teacher_epochs) == 1 else ""
            start = "python -m peony_training train --data DATA --phantom PHANTOM --runs RUNS"
            return f"{start} {only} {options}{taught}"
    raise SystemExit(f"{recipe['name']} was not made as the plan makes it: say how with --trained-by")


def recipe_of(order: Order) -> dict[str, object]:
    """The recipe that the run was made by: its checkpoint's, or the plan's where no checkpoint was kept."""
    checkpoint = order.runs / order.run / "last.pt"
    if checkpoint.exists():
        return torch.load(checkpoint, map_location="cpu", weights_only=True)["recipe"]
    for recipe in [*recipes(), *small_recipes()]:
        if recipe.name == order.run:
            return asdict(recipe)
    raise SystemExit(f"{checkpoint} is not there and the plan has no run {order.run}")
