"""Make tests/data/tiny: a small network with the inputs and outputs of peony-us, and its card.

    python make_tiny.py        (needs the packages `onnx` and `onnxruntime`; writes beside itself)

The weights are pseudo-random from a fixed seed: the network finds nothing. It serves the tests of loading.
"""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

HERE = Path(__file__).parent / "tiny"
SIDE, CELLS, WIDTH = 64, 8, 8


def main() -> None:
    rng = np.random.default_rng(7)
    weights = []

    def weight(name: str, *shape: int, scale: float) -> str:
        value = rng.normal(0.0, scale, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(value, name))
        return name

    def node(op: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
        return helper.make_node(op, inputs, [output], name=output, **attributes)

    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    weights.append(numpy_helper.from_array(np.array([2, 3], dtype=np.int64), "plane"))
    weights.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "one"))
    weights.append(numpy_helper.from_array(np.array([1, 1, SIDE // CELLS, SIDE // CELLS], dtype=np.float32), "up"))
    nodes = [
        node("Conv", ["luma", weight("w0", WIDTH, 1, 3, 3, scale=0.5), weight("b0", WIDTH, scale=0.1)], "c0", **same),
        node("Relu", ["c0"], "r0"),
        node("Conv", ["r0", weight("w1", WIDTH, WIDTH, 3, 3, scale=0.15), weight("b1", WIDTH, scale=0.1)], "c1", **same),
        node("Relu", ["c1"], "r1"),
        node("Conv", ["r1", weight("w2", 1, WIDTH, 3, 3, scale=0.15), weight("b2", 1, scale=0.1)], "logit", **same),
        node("Sigmoid", ["logit"], "mask"),
        node("MaxPool", ["r1"], "small", kernel_shape=[SIDE // CELLS] * 2, strides=[SIDE // CELLS] * 2),
        node("Conv", ["small", weight("w3", 1, WIDTH, 1, 1, scale=0.3), weight("b3", 1, scale=0.1)], "malignancy_map",
             # rten 0.27 wants the strides of a 1×1 kernel written out.
             kernel_shape=[1, 1], strides=[1, 1]),
        node("ReduceMax", ["mask", "plane"], "peak", keepdims=0),
        node("Reshape", ["peak", "one"], "lesion"),
        node("Resize", ["malignancy_map", "", "up"], "wide", mode="nearest",
             coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        node("Mul", ["wide", "mask"], "weighted"),
        node("ReduceSum", ["weighted", "plane"], "above", keepdims=0),
        node("ReduceSum", ["mask", "plane"], "below", keepdims=0),
        node("Div", ["above", "below"], "mean"),
        node("Sigmoid", ["mean"], "odds"),
        node("Reshape", ["odds", "one"], "malignancy"),
    ]

    def tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes, "tiny", [tensor("luma", 1, 1, SIDE, SIDE)],
        [tensor("mask", 1, 1, SIDE, SIDE), tensor("malignancy_map", 1, 1, CELLS, CELLS),
         tensor("lesion", 1), tensor("malignancy", 1)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="peony tests")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    (HERE / "model.onnx").write_bytes(data)
    quantise()
    twin = (HERE / "model.int8.onnx").read_bytes()
    mac = SIDE * SIDE * 9 * (WIDTH + WIDTH * WIDTH + WIDTH)
    (HERE / "card.toml").write_text(CARD.format(
        sha256=hashlib.sha256(data).hexdigest(), twin=hashlib.sha256(twin).hexdigest(), gflop=2 * mac / 1e9, side=SIDE, cells=CELLS))


class Pictures(CalibrationDataReader):
    """What the ranges of the integers are taken from: noise, and the ramp of the tests."""

    def __init__(self) -> None:
        ramp = (np.arange(SIDE)[None, :] + 2 * np.arange(SIDE)[:, None]) / (3 * SIDE)
        pictures = [np.random.default_rng(0).random((SIDE, SIDE)), ramp]
        self.feeds = iter([{"luma": picture[None, None].astype(np.float32)} for picture in pictures])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def quantise() -> None:
    """The twin, as that of peony-us is made: unsigned activations, signed weights a channel at a time."""
    quantize_static(
        HERE / "model.onnx", HERE / "model.int8.onnx", Pictures(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


CARD = """\
format = 1
name = "tiny"
version = "0.0.1"
task = "test"
file = "model.onnx"
sha256 = "{sha256}"
licence = "MIT OR Apache-2.0"
summary = "Pseudo-random weights with the tensors of peony-us; finds nothing."
gflop = {gflop}
precisions = ["fp32", "bf16"]

[int8]
file = "model.int8.onnx"
sha256 = "{twin}"

[[inputs]]
name = "luma"
shape = [1, 1, {side}, {side}]
dtype = "f32"
units = "grey level / 255"
space = "letterboxed frame, row-major, y down"

[[outputs]]
name = "mask"
shape = [1, 1, {side}, {side}]
dtype = "f32"
units = "probability"

[[outputs]]
name = "malignancy_map"
shape = [1, 1, {cells}, {cells}]
dtype = "f32"
units = "logit"

[[outputs]]
name = "lesion"
shape = [1]
dtype = "f32"
units = "probability"

[[outputs]]
name = "malignancy"
shape = [1]
dtype = "f32"
units = "probability"

[thresholds]
mask = 0.5
lesion = 0.5

[training]
command = "python make_tiny.py"
seed = 7
epochs = 0
data = []

[limits]
text = ["Untrained; for tests only."]
"""

if __name__ == "__main__":
    main()
