"""From a checkpoint to a folder that ships, on drawn cases: every file is there and says the same thing."""

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import BOXES, lesion_mask
from PIL import Image

from peony_training import release as releasing
from peony_training import trials
from peony_training.fixtures import synthetic_picture
from peony_training.net import PeonyUs
from peony_training.release import Order, evaluate_model, held_runs, release

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
    for name, memory in (("student-2", True), ("student-2-plain", False), ("student-busi", True)):
        torch.manual_seed(1)
        torch.save(PeonyUs(memory).state_dict(), runs / f"{name}.pt")
    return Order(root, None, runs, "student-2", 2, "1.2.3", models, ("one more",), None)


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
    assert "--only teacher-2 --only student-2" in card["training"]["command"]
    for name in ("roc", "reliability", "confusion"):
        assert (folder / f"{name}.png").stat().st_size < 150_000
    assert {p.name for p in (order.runs / "pictures").iterdir()} == {
        f"worst-{n}.png" for n in ("busi", "busbra", "breast")
    }
    assert not list(order.models.rglob("worst-*")) and (order.runs / "model.int8.onnx").exists()
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


def test_without_a_held_fold_the_runs_beside_it_are_read(order: Order) -> None:
    assert held_runs(Order(**{**vars(order), "run": "student", "held": None})) == [("student-2", 2)]
    with pytest.raises(SystemExit, match="--held"):
        held_runs(Order(**{**vars(order), "run": "other", "held": None}))


def test_the_recipe_is_that_of_the_checkpoint_where_there_is_one(order: Order, tmp_path: Path) -> None:
    moved = Order(**{**vars(order), "runs": tmp_path})
    assert releasing.recipe_of(moved)["epochs"] == 28
    (tmp_path / "student-2").mkdir()
    torch.save({"recipe": {"epochs": 7}}, tmp_path / "student-2" / "last.pt")
    assert releasing.recipe_of(moved) == {"epochs": 7}
