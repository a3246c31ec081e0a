"""The exported file says what PyTorch says, with nothing in it that an engine or a reader of it could stumble on."""

import copy
import hashlib
import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from conftest import lesion_case

from peony_training import record
from peony_training.calibrate import Calibration
from peony_training.card import Facts, read_thresholds, write_card
from peony_training.data import OUTSIDE, unlabelled
from peony_training.export import OUTPUTS, TOLERANCE, as_shipped, disagreement, export, load_checkpoint, load_exported
from peony_training.fixtures import synthetic_picture
from peony_training.net import CHANNELS, PeonyUs
from peony_training.preprocess import letterbox
from peony_training.reading import Model, Thresholds

PLAIN = {"Conv", "Relu", "Add", "Sub", "Mul", "Concat", "Split", "Slice", "Gather", "Unsqueeze", "Resize", "Sigmoid"}
PLAIN |= {"MaxPool", "DepthToSpace", "ReduceMean", "Flatten", "Constant"}
CALIBRATION = Calibration(1.2, -0.3, 0.4, 150)
SHIPPED = Path(__file__).parents[2] / "models" / "peony-us"


@pytest.fixture(scope="module", params=[True, False], ids=["memory", "plain"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[PeonyUs, Path]:
    """A checkpoint of an untrained net whose normalisation has seen data, and its file."""
    torch.manual_seed(3)
    net = PeonyUs(memory=request.param)
    for _ in range(2):
        net(torch.rand(4, 1, 256, 256))
    folder = tmp_path_factory.mktemp("model")
    torch.save(net.state_dict(), folder / "run.pt")
    net = load_checkpoint(folder / "run.pt")
    export(net, folder / "model.onnx", CALIBRATION)
    return net, folder / "model.onnx"


def frames() -> list[np.ndarray]:
    """Canvases that follow one another: pictures of every shape in the letterbox, noise, black, white, one again."""
    sizes = ((640, 480), (97, 61), (31, 300), (256, 256))
    pictures = [np.asarray(letterbox(synthetic_picture(*size, seed=5))) for size in sizes]
    noise = np.random.default_rng(1).integers(0, 256, (256, 256), dtype=np.uint8)
    return [pictures[0], noise, np.zeros_like(noise), *pictures[1:], np.full_like(noise, 255), pictures[0]]


@torch.no_grad()
def assert_alike(net: PeonyUs, path: Path, calibration: Calibration) -> None:
    """Every value of every output within `TOLERANCE`, each side going on from the state that it left itself."""
    model, ours = Model(path), as_shipped(net, calibration)
    names = [*OUTPUTS, "state_out"][: len(model.session.get_outputs())]
    assert [output.name for output in model.session.get_outputs()] == names
    theirs_left = ours_left = None
    for number, canvas in enumerate(frames()):
        theirs = model.session.run(None, model.inputs(canvas, theirs_left))
        given = model.inputs(canvas, ours_left).values()
        expected = [output.numpy() for output in ours(*(torch.from_numpy(part) for part in given))]
        for name, one, other in zip(names, expected, theirs, strict=True):
            assert one.std() > 0, f"{name} of frame {number} is one value: nothing is compared"
            np.testing.assert_allclose(other, one, rtol=0, atol=TOLERANCE, err_msg=f"{name} of frame {number}")
        if model.remembers:
            theirs_left, ours_left = theirs[-1], expected[-1]


def test_every_value_of_the_export_is_torchs_from_frame_to_frame(exported: tuple[PeonyUs, Path]) -> None:
    assert_alike(*exported, CALIBRATION)


def test_every_value_of_the_shipped_file_is_torchs() -> None:
    """Its weights put back into the network that this package builds: the graph that ships is that network's."""
    calibration = Calibration(**record.read(SHIPPED)["calibration"])  # the card rounds it
    assert_alike(load_exported(SHIPPED / "model.onnx"), SHIPPED / "model.onnx", calibration)


def test_a_release_is_refused_for_one_value_that_differs(exported: tuple[PeonyUs, Path]) -> None:
    """One weight of a last layer, on which one channel of one output depends, moved by a hundredth."""
    net, path = exported
    shown = frames()
    assert disagreement(net, path, shown, CALIBRATION) <= TOLERANCE
    for head in ("mask_head", "grade_head", "embedding_head", "frame_head"):
        other = copy.deepcopy(net)
        with torch.no_grad():
            getattr(other, head).bias[0] += 0.01
        assert disagreement(other, path, shown[:1], CALIBRATION) > TOLERANCE, head


def test_export_is_static_and_plain(exported: tuple[PeonyUs, Path]) -> None:
    net, path = exported
    graph = onnx.load(path).graph
    assert {node.op_type for node in graph.node} <= PLAIN
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in [*graph.input, *graph.output]}
    expected = {
        "luma": [1, 1, 256, 256],
        "state": [1, 32, 32, 32],
        "mask": [1, 2, 128, 128],
        "maps": [1, 25, 32, 32],
        "embedding": [1, 16, 32, 32],
        "frame": [1, 4],
        "state_out": [1, 32, 32, 32],
    }
    if net.memory is None:
        del expected["state"], expected["state_out"]
    assert list(shapes.items()) == list(expected.items())


def test_the_card_names_the_tensors_of_the_file(exported: tuple[PeonyUs, Path]) -> None:
    net, path = exported
    thresholds = Thresholds(0.5, 0.4, 0.3, 0.2)
    facts = Facts("0.0.0", net.memory is not None, 0.5, thresholds, CALIBRATION, 'a "quoted" word', 0, 1)
    learned = [lesion_case("a", "a", "benign"), unlabelled(OUTSIDE, "b", "train", "mias/b")]
    write_card(path.parent, facts, learned, {"all": {"dice": 0.5, "dice_ci95": [0.4, 0.6]}}, ("more",))
    card = tomllib.loads((path.parent / "card.toml").read_text())
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    session = Model(path).session
    for side, given in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        assert [(row["name"], row["shape"]) for row in card[side]] == [(v.name, v.shape) for v in given]
    channels = {row["name"]: tuple(row["channels"]) for row in card["outputs"] if "channels" in row}
    assert channels == CHANNELS
    assert read_thresholds(path.parent / "card.toml") == thresholds
    assert card["calibration"] == {"method": "platt", **asdict(CALIBRATION)}
    assert [(row["name"], row["images"]) for row in card["training"]["data"]] == [("busi", 1), ("mias", 1)]
    assert card["training"]["command"] == 'a "quoted" word'
    assert card["metrics"]["all"]["dice_ci95"] == [0.4, 0.6]
    assert card["limits"]["text"][-1] == "more"


def test_the_shipped_model_is_the_one_of_its_card() -> None:
    card = tomllib.loads((SHIPPED / "card.toml").read_text())
    path = SHIPPED / "model.onnx"
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    session = Model(path).session
    for side, given in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        assert [(row["name"], row["shape"]) for row in card[side]] == [(v.name, v.shape) for v in given]
