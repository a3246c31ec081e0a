"""A checkpoint as one static ONNX file, and the proof that both say the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from peony_training.calibrate import Calibration
from peony_training.net import Exported, PeonyUs, fold
from peony_training.preprocess import CANVAS

OPSET = 17
OUTPUTS = ("mask", "malignancy_map", "lesion", "malignancy")
TOLERANCE = 1e-4


def load_checkpoint(path: Path) -> PeonyUs:
    """The averaged network of a checkpoint, in eval mode."""
    net = PeonyUs()
    net.load_state_dict(torch.load(path, weights_only=True)["average"])
    return net.eval()


def export(net: PeonyUs, path: Path, calibration: Calibration = Calibration.NONE) -> None:
    """Fold, trace and write `net` to `path`, its malignancy calibrated, then check the file."""
    wrapped = Exported(fold(net), calibration.slope, calibration.offset).eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        wrapped,
        (torch.zeros(1, 1, CANVAS, CANVAS),),
        path,
        input_names=["luma"],
        output_names=list(OUTPUTS),
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(path)
    # The tracer leaves a note of where each operator came from, which holds paths of this machine.
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


@torch.no_grad()
def disagreement(net: PeonyUs, path: Path, luma: np.ndarray, calibration: Calibration = Calibration.NONE) -> float:
    """The largest difference between the file's answers and PyTorch's on float32 luma [1, 1, 256, 256]."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = session.run(list(OUTPUTS), {"luma": luma})
    ours = Exported(net.eval(), calibration.slope, calibration.offset)(torch.from_numpy(luma))
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours, theirs, strict=True))
