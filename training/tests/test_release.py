"""From a checkpoint to a folder that ships, on drawn cases: every file is there and says the same thing."""

import csv
import json
import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import BOXES, lesion_mask
from PIL import Image

from peony_training import plan, record, trials
from peony_training import release as releasing
from peony_training.__main__ import main
from peony_training.fixtures import synthetic_picture
from peony_training.net import PeonyUs
from peony_training.page import page
from peony_training.plan import recipes, small_recipes
from peony_training.reading import Thresholds
from peony_training.release import Order, command_of, evaluate_model, held_runs, release, stem, twin_of

COLUMNS = ("dataset", "image", "mask", "group", "pathology", "birads", "shape", "margin", "echogenicity", "posterior")
COLUMNS += ("halo", "calcifications", "tissue", "device", "split")


def write_cases(root: Path) -> None:
    """Two splits of three sets with lesions of both kinds, normals, and films."""
    rows = []
    kinds = [("benign", "2"), ("malignant", "5"), ("benign", "3"), ("malignant", "4b")]
    plan = [(name, *kind) for name in ("busi", "busbra", "breast") for kind in kinds] + [("busi", "normal", "")] * 2
    plan += [("mias", "normal", "")]
    for split in ("train", "val"):
        for number, (dataset, pathology, birads) in enumerate(plan * (3 if split == "train" else 1)):
            name = f"{split}-{number}"
            synthetic_picture(200, 200, seed=number).save(root / f"{name}.png")
            row = dict.fromkeys(COLUMNS, "") | {"dataset": dataset, "image": f"{name}.png", "group": name}
            row |= {"pathology": pathology, "split": split, "birads": birads if dataset != "busi" else ""}
            if pathology != "normal":
                Image.fromarray(lesion_mask(BOXES[number % 4], 200)).save(root / f"{name}.mask.png")
                row |= {
                    "mask": f"{name}.mask.png",
                    "shape": ("oval", "irregular")[number % 2] if dataset == "breast" else "",
                }
            rows.append(row)
    with (root / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    root, runs, models = (tmp_path_factory.mktemp(name) for name in ("data", "runs", "models"))
    write_cases(root)
    for name, memory in (
        ("student", True),
        ("student-plain", False),
        ("student-plain-2", False),
        ("student-busi", True),
    ):
        torch.manual_seed(1)
        torch.save(PeonyUs(memory).state_dict(), runs / f"{name}.pt")
    return Order(root, None, runs, "student", 2, "1.2.3", models, ("one more",), None)


def test_a_release_is_whole(order: Order, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(trials, "DRAWN", 6)
    monkeypatch.setattr(trials, "CLIPS", 4)
    monkeypatch.setattr(trials, "FRAMES", 6)
    release(order)
    folder = order.models / "peony-us"
    card = tomllib.loads((folder / "card.toml").read_text())
    metrics = json.loads((folder / "metrics.json").read_text())
    assert card["version"] == metrics["version"] == "1.2.3" and card["sha256"] == metrics["sha256"]
    assert card["thresholds"] == metrics["thresholds"]
    assert card["metrics"] == metrics["val"]["sets"]
    assert set(card["metrics"]) == {"busi", "busbra", "breast", "all"}
    assert set(metrics["without_set"]) == {"busi"} and metrics["without_set"]["busi"]["n"] == 24
    assert {"memory", "plain"} < set(metrics["memory"])
    assert "--only teacher-4 --only student-plain --only student --epochs 96" in card["training"]["command"]
    assert card["precisions"] == ["fp32"]
    assert (folder / "README.md").read_text() == page(folder)
    assert set(metrics["val"]["tissue"]) == {"homogeneous", "fibroglandular", "both"} and "embedding" in metrics["val"]
    for name in ("roc", "reliability"):
        assert (folder / f"{name}.png").stat().st_size < 150_000
    assert {p.name for p in (order.runs / "pictures").iterdir()} == {
        f"worst-{n}.png" for n in ("busi", "busbra", "breast")
    }
    assert not list(order.models.rglob("worst-*"))
    twin = folder / "model.int8.onnx"
    ships = metrics["int8"]["small_enough_to_ship"]
    assert twin.exists() == ships and (order.runs / twin.name).exists() != ships
    assert card.get("int8") == ({"file": twin.name, "sha256": record.digest(folder, twin.name)} if ships else None)
    expected = json.loads((order.models / "fixtures" / "peony-us" / "expected.json").read_text())
    first, second = expected["channel_means"]
    assert {name: len(means) for name, means in first.items()} == {
        "mask": 2,
        "maps": 25,
        "embedding": 16,
        "frame": 4,
        "state_out": 32,
    }
    assert not np.allclose(first["state_out"], second["state_out"])
    capsys.readouterr()
    evaluate_model(order.data, folder / "model.onnx")
    assert f"val.sets.all {json.dumps(metrics['val']['sets']['all'])}" in capsys.readouterr().out
    record.keep(folder, {"val": {**metrics["val"], "tissue": {}}})
    evaluate_model(order.data, folder / "model.onnx", keep=True)
    assert record.read(folder) == metrics
    (folder / "card.toml").write_text((folder / "card.toml").read_text().replace("dice = 0.", "dice = 1."))
    with pytest.raises(SystemExit, match="figures of the card are others"):
        evaluate_model(order.data, folder / "model.onnx", keep=True)


def test_without_a_held_fold_the_runs_beside_it_are_read(order: Order) -> None:
    assert held_runs(Order(**{**vars(order), "run": "student-plain", "held": None})) == [("student-plain-2", 2)]
    with pytest.raises(SystemExit, match="--held"):
        held_runs(Order(**{**vars(order), "run": "other", "held": None}))


def test_what_an_earlier_release_chose_is_taken_and_called_that(order: Order, tmp_path: Path) -> None:
    """For a network that has learned from every fold, where no run beside it left one out: so 0.6.0 was made."""
    shipped = Path(__file__).parents[2] / "models" / "peony-us"
    alone = {**vars(order), "run": "other", "held": None}
    chosen = releasing.choose(Order(**{**alone, "chosen_with": shipped}))
    assert asdict(chosen.thresholds) == record.read(shipped)["thresholds"]
    assert asdict(chosen.calibration) == record.read(shipped)["calibration"]
    assert chosen.report["version"] == "0.5.0", "of the network that left the pictures out, not of the one that ships"
    told = record.read(shipped)
    del told["held"]["version"]
    for name in ("model.onnx", "card.toml"):
        (tmp_path / name).write_bytes((shipped / name).read_bytes())
    (tmp_path / "metrics.json").write_text(json.dumps(told))
    assert releasing.choose(Order(**{**alone, "chosen_with": tmp_path})).report["version"] == "0.6.0"
    with pytest.raises(SystemExit, match="nothing was chosen with it"):
        releasing.choose(Order(**{**alone, "chosen_with": tmp_path / "nowhere"}))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("export --data . --runs . --version 1 --run nobody", "nobody.pt is not there: no run of that name is done"),
        ("evaluate --data . --model nowhere.onnx", "there is no model nowhere.onnx"),
        ("pictures --data . --runs . --model nowhere.onnx", "there is no model nowhere.onnx"),
        ("train --data nowhere --runs . --only teacher-0", "--data names the folder that holds it"),
        ("page --models nowhere", "nowhere/peony-us/card.toml: No such file or directory"),
    ],
)
def test_what_is_not_there_is_one_line(call: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=says):
        main(call.split())


def test_the_recipe_is_that_of_the_checkpoint_where_there_is_one(order: Order, tmp_path: Path) -> None:
    moved = Order(**{**vars(order), "runs": tmp_path})
    assert releasing.recipe_of(moved)["epochs"] == 96
    (tmp_path / "student").mkdir()
    torch.save({"recipe": {"epochs": 7}}, tmp_path / "student" / "last.pt")
    assert releasing.recipe_of(moved) == {"epochs": 7}


def test_one_command_trains_and_exports_what_two_cores_can(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopped and called again it goes on: runs that are done are not made again."""
    for module, name, value in ((plan, "DRAWN", 6), (trials, "DRAWN", 6), (trials, "CLIPS", 2), (trials, "FRAMES", 4)):
        monkeypatch.setattr(module, name, value)
    runs, models = tmp_path / "runs", tmp_path / "models"
    call = ["release", "--small", "--teacher-epochs", "0", "--epochs", "1", "--clip-epochs", "0", "--seed", "3"]
    call += ["--device", "cpu", "--version", "2.0.0"]
    call += ["--data", str(order.data), "--runs", str(runs), "--models", str(models)]
    main([*call, "--dry-run"])
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [
        "teacher-0: without fold 0, 0 epochs of stills and 0 of clips: to do",
        "student-plain-0: without fold 0, 1 epochs of stills and 0 of clips, after teacher-0: to do",
    ]
    assert [line.split(",")[0] for line in told[2:]] == [
        f"student-plain-{name}: without {name}" for name in ("busi", "busbra", "breast")
    ]
    assert not runs.exists() and not models.exists()
    main(call)
    card = tomllib.loads((models / "peony-us" / "card.toml").read_text())
    assert card["version"] == "2.0.0"
    assert card["training"]["command"] == (
        "python -m peony_training train --data DATA --phantom PHANTOM --runs RUNS --only teacher-0 "
        "--only student-plain-0 --epochs 1 --clip-epochs 0 --seed 3"
    )
    without = json.loads((models / "peony-us" / "metrics.json").read_text())["without_set"]
    assert {name: row["n"] for name, row in without.items()} == {"busi": 24, "busbra": 16, "breast": 16}
    run = {"name": "student-plain-busi", "epochs": 1, "clip_epochs": 0, "teachers": 0, "seed": 3}
    assert without["busi"]["run"] == run
    made = (runs / "student-plain-0.pt").stat().st_mtime_ns
    main([*call, "--dry-run"])
    assert all(line.endswith(": done") for line in capsys.readouterr().out.splitlines()[-4:])
    main(["without", "--run", "student-plain", "--data", str(order.data), "--runs", str(runs), "--models", str(models)])
    assert json.loads((models / "peony-us" / "metrics.json").read_text())["without_set"] == without
    assert (runs / "student-plain-0.pt").stat().st_mtime_ns == made
    go_on_with_words(order, tmp_path)


def go_on_with_words(order: Order, tmp_path: Path) -> None:
    """What ships goes on with its words: what they have no part in is carried, and the card says how and from what."""
    runs, models, bursts = tmp_path / "runs", tmp_path / "models", tmp_path / "bursts"
    folder = models / "peony-us"
    bursts.mkdir()
    for frame in range(4):
        picture = synthetic_picture(200, 200, seed=50 + frame)
        picture.save(bursts / f"8-0-{frame}-cyst.png")
        Image.fromarray(lesion_mask(BOXES[frame], 200)).save(bursts / f"8-0-{frame}-cyst.mask.png")
    before, began = record.read(folder), record.digest(folder)
    record.keep(folder, {"exam": {"detect": {}}})
    where = ["--data", str(order.data), "--phantom", str(bursts), "--runs", str(runs)]
    start = ["--start", str(folder / "model.onnx"), "--run", "words-0", "--held", "0", "--epochs", "1"]
    main(["words", *where, *start, "--device", "cpu"])
    main(["export", *where, "--models", str(models), "--run", "words-0", "--held", "0", "--version", "2.1.0"])
    after = record.read(folder)
    assert after["sha256"] != began and after["without_set"] == before["without_set"] and "exam" not in after
    assert after["val"]["sets"] == before["val"]["sets"]
    command = tomllib.loads((folder / "card.toml").read_text())["training"]["command"]
    assert "--run words-0 --held 0 --epochs 1 --seed 0" in command and began[:12] in command


def test_a_card_names_a_command_only_where_the_plan_made_the_run(tmp_path: Path) -> None:
    by_name = {recipe.name: asdict(recipe) for recipe in recipes(9, 7, 2, seed=50)}
    command = command_of(by_name["student-plain-3"], tmp_path)
    assert "--only teacher-3 --only student-plain-3 --epochs 7 --clip-epochs 2 --seed 50" in command
    small = command_of(asdict(small_recipes(9, 7, 2, 5)[2]), tmp_path)
    assert small.endswith("--only student-plain-busi --small --epochs 7 --clip-epochs 0 --seed 5")
    with pytest.raises(SystemExit, match="--trained-by"):
        command_of(by_name["student-plain-3"] | {"rate": 0.002}, tmp_path)


def test_a_run_and_its_twin_have_one_name_apart_from_the_memory() -> None:
    for name, other in (("student-0", "student-plain-0"), ("student", "student-plain")):
        assert (twin_of(name), twin_of(other)) == (other, name)
    assert [stem(name) for name in ("student-plain-0", "student-3", "student", "student-plain")] == [
        "student-plain",
        "student",
        "student",
        "student-plain",
    ]


def test_a_set_that_no_run_left_out_this_time_keeps_its_row(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are figures of other networks: a new file to ship does not make them untrue, other thresholds do."""
    monkeypatch.setattr(releasing, "without_sets", lambda *_: {"busi": {"n": 2}})
    now, other = Thresholds(0.5, 0.6, 0.7, 0.8), Thresholds(0.5, 0.6, 0.7, 0.9)
    before = {"thresholds": asdict(now), "without_set": {"busi": {"n": 1}, "breast": {"n": 3}}}
    assert releasing.all_without_sets(order, now, before) == {"busi": {"n": 2}, "breast": {"n": 3}}
    assert releasing.all_without_sets(order, other, before) == {"busi": {"n": 2}}


def test_figures_of_another_file_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"one")
    with pytest.raises(SystemExit, match="export it first"):
        record.keep(tmp_path, {"exam": {"detect": {}}})
    record.keep(tmp_path, {"sha256": record.digest(tmp_path), "val": 1})
    record.keep(tmp_path, {"exam": 2})
    assert set(record.read(tmp_path)) == {"sha256", "val", "exam"}
    (tmp_path / "model.onnx").write_bytes(b"two")
    assert record.read(tmp_path) == {}
    record.keep(tmp_path, {"sha256": record.digest(tmp_path), "val": 3})
    assert set(record.read(tmp_path)) == {"sha256", "val"}
