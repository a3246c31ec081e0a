"""A checkpoint as one static ONNX file, the proof that both say the same, and its twin in 8-bit integers."""

import copy
from pathlib import Path

import numpy as np
import onnx
import torch

from peony_training.calibrate import Calibration
from peony_training.data import Case, load_picture
from peony_training.net import Exported, PeonyUs, fold
from peony_training.preprocess import CANVAS, letterbox
from peony_training.reading import Model

OPSET = 17
OUTPUTS = ("mask", "maps", "embedding", "frame")
TOLERANCE = 1e-4
# Training pictures from which the ranges of the integers are taken.
RANGE_PICTURES = 64


def load_checkpoint(path: Path) -> PeonyUs:
    """The network of a finished run, in eval mode; whether it has a memory, and is folded, is seen from its weights."""
    if not path.exists():
        raise SystemExit(f"{path} is not there: no run of that name is done in {path.parent}")
    weights = torch.load(path, map_location="cpu", weights_only=True)
    net = PeonyUs(memory=any(name.startswith("memory.") for name in weights))
    net = net if "stem.bn.weight" in weights else fold(net)
    net.load_state_dict(weights)
    return net.eval()


def load_exported(path: Path) -> PeonyUs:
    """The network of an exported file without memory: folded, and without the calibration of its malignancy."""
    stored = [part for part in onnx.load(path).graph.initializer if part.name.startswith("net.")]
    arrays = {part.name.removeprefix("net."): onnx.numpy_helper.to_array(part).copy() for part in stored}
    net = fold(PeonyUs(memory=False))
    net.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return net.eval()


def export(net: PeonyUs, path: Path, calibration: Calibration = Calibration.NONE) -> None:
    """Trace and write `net`, normalisation folded in and malignancy calibrated, then check the file."""
    remembers = net.memory is not None
    inputs = (torch.zeros(1, 1, CANVAS, CANVAS), torch.zeros(1, *PeonyUs.STATE))[: 1 + remembers]
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        as_shipped(fold(copy.deepcopy(net)), calibration),
        inputs,
        path,
        input_names=["luma", "state"][: 1 + remembers],
        output_names=[*OUTPUTS, *(["state_out"] if remembers else [])],
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(path)
    # The tracer leaves a note of where each operator came from, which holds paths of this machine.
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def as_shipped(net: PeonyUs, calibration: Calibration) -> Exported:
    return Exported(net, calibration.slope, calibration.offset, calibration.steps).eval()


@torch.no_grad()
def disagreement(
    net: PeonyUs, path: Path, canvases: list[np.ndarray], calibration: Calibration = Calibration.NONE
) -> float:
    """The largest difference between the file's answers and PyTorch's on canvases that follow one another."""
    model, ours = Model(path), as_shipped(net, calibration)
    state, apart = None, 0.0
    for canvas in canvases:
        given = model.inputs(canvas, state)
        theirs = model.session.run(None, given)
        expected = ours(*(torch.from_numpy(part) for part in given.values()))
        apart = max(apart, *(float(np.abs(a.numpy() - b).max()) for a, b in zip(expected, theirs, strict=True)))
        state = theirs[-1] if model.remembers else None
    return apart


def quantise(path: Path, quantised: Path, root: Path, learned: list[Case]) -> None:
    """Write the twin: unsigned activations, signed weights a channel at a time, between QDQ operators."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Pictures(CalibrationDataReader):
        """Each picture as a first frame, and again with the memory of itself."""

        def __init__(self) -> None:
            self.feeds = iter(range_inputs(Model(path), root, learned))

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.feeds, None)

    prepared = quantised.with_suffix(".prepared.onnx")
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        quantised,
        Pictures(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    prepared.unlink()


def range_inputs(model: Model, root: Path, learned: list[Case]) -> list[dict[str, np.ndarray]]:
    feeds = []
    for case in learned[:: max(1, len(learned) // RANGE_PICTURES)][:RANGE_PICTURES]:
        canvas = np.asarray(letterbox(load_picture(root, case)))
        feeds.append(model.inputs(canvas))
        if model.remembers:
            feeds.append(model.inputs(canvas, model.look(canvas).state))
    return feeds
