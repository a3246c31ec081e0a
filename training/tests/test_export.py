"""The exported file says what PyTorch says, with nothing in it that an engine or a reader of it could stumble on."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from peony_training.calibrate import Calibration
from peony_training.card import Facts, write_card
from peony_training.data import Case
from peony_training.evaluate import open_model, run_model
from peony_training.export import disagreement, export
from peony_training.net import Exported, PeonyUs, count_gflop

PLAIN = {"Conv", "Relu", "Add", "Sub", "Mul", "Div", "Concat", "Resize", "Sigmoid", "MaxPool"}
PLAIN |= {"DepthToSpace", "ReduceSum", "ReduceMean", "Reshape", "Flatten", "Constant"}
SHIPPED = Path(__file__).parents[2] / "models" / "peony-us"


@pytest.fixture(scope="module")
def net() -> PeonyUs:
    """An untrained net whose normalisation has seen data, so that folding has something to get wrong."""
    torch.manual_seed(3)
    net = PeonyUs()
    for _ in range(3):
        net(torch.rand(4, 1, 256, 256))
    return net.eval()


@pytest.fixture(scope="module")
def exported(net: PeonyUs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    copy = PeonyUs()
    copy.load_state_dict(net.state_dict())
    export(copy, path)
    return path


def test_calibration_moves_every_logit_alike(net: PeonyUs) -> None:
    luma = torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        _, plain, lesion, risk = Exported(net)(luma)
        _, moved, same_lesion, moved_risk = Exported(net, slope=0.7, offset=-0.4)(luma)
    assert torch.allclose(moved, plain * 0.7 - 0.4, atol=1e-5)
    assert torch.equal(lesion, same_lesion)
    assert torch.allclose(torch.logit(moved_risk), torch.logit(risk) * 0.7 - 0.4, atol=1e-3)


@pytest.mark.parametrize("fill", ["noise", "black", "white"])
def test_export_agrees_with_torch(net: PeonyUs, exported: Path, fill: str) -> None:
    luma = {
        "noise": np.random.default_rng(1).random((1, 1, 256, 256), dtype=np.float32),
        "black": np.zeros((1, 1, 256, 256), np.float32),
        "white": np.ones((1, 1, 256, 256), np.float32),
    }[fill]
    assert disagreement(net, exported, luma) < 1e-4


def test_export_is_static_plain_and_small(exported: Path) -> None:
    graph = onnx.load(exported).graph
    assert {node.op_type for node in graph.node} <= PLAIN
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in [*graph.input, *graph.output]}
    assert shapes == {
        "luma": [1, 1, 256, 256],
        "mask": [1, 1, 128, 128],
        "malignancy_map": [1, 1, 32, 32],
        "lesion": [1],
        "malignancy": [1],
    }
    assert count_gflop(PeonyUs()) <= 1.5


def test_card_is_valid_toml_with_the_hash_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    facts = Facts("0.0.0", 'a "quoted" word', 0.5, 0.5, 0.4, Calibration(1.2, -0.3, 150), "train", 0, 1)
    learned = [Case("busi", "a.jpg", "a.png", "busi/a", "benign", "", "train")]
    write_card(tmp_path, facts, learned, {"all": {"dice": 0.5, "dice_ci95": [0.4, 0.6]}}, ("more",))
    card = tomllib.loads((tmp_path / "card.toml").read_text())
    assert card["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert [row["name"] for row in card["outputs"]] == ["mask", "malignancy_map", "lesion", "malignancy"]
    assert card["training"]["data"][0]["images"] == 1
    assert card["calibration"] == {"method": "platt", "slope": 1.2, "offset": -0.3, "pictures": 150}
    assert card["limits"]["text"][-1] == "more"


def test_shipped_model_is_the_one_of_its_card() -> None:
    card = tomllib.loads((SHIPPED / "card.toml").read_text())
    assert card["sha256"] == hashlib.sha256((SHIPPED / "model.onnx").read_bytes()).hexdigest()
    mask, lesion, malignancy = run_model(open_model(SHIPPED / "model.onnx"), np.zeros((256, 256), np.uint8))
    assert mask.min() >= 0.0 and mask.max() <= 1.0 and 0.0 <= lesion <= 1.0 and 0.0 <= malignancy <= 1.0
