"""Make tests/data/remembers.onnx: a small network with the tensors of peony-us and a memory.

    python make_remembers.py        (needs the package `onnx`; writes beside itself, prints the hash)

The weights are pseudo-random from a fixed seed: the network finds nothing. It serves the tests of what is taken in and given.
"""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).parent / "remembers.onnx"
KEPT = 32


def main() -> None:
    rng = np.random.default_rng(7)
    weights = []

    def mix(inputs: str, of: int, output: str, to: int) -> onnx.NodeProto:
        for name, shape in ((f"{output}.w", (to, of, 1, 1)), (f"{output}.b", (to,))):
            weights.append(numpy_helper.from_array(rng.normal(0.0, 0.1, shape).astype(np.float32), name))
        # rten 0.27 wants the strides of a 1×1 kernel written out.
        return helper.make_node(
            "Conv", [inputs, f"{output}.w", f"{output}.b"], [output], kernel_shape=[1, 1], strides=[1, 1]
        )

    def pool(step: int, output: str) -> onnx.NodeProto:
        return helper.make_node("AveragePool", ["luma"], [output], kernel_shape=[step] * 2, strides=[step] * 2)

    nodes = [
        pool(2, "half"),
        helper.make_node("Concat", ["half", "half"], ["mask"], axis=1),
        pool(8, "cells"),
        helper.make_node("Concat", ["cells", "state"], ["both"], axis=1),
        mix("both", KEPT + 1, "maps", 25),
        mix("both", KEPT + 1, "embedding", 16),
        mix("both", KEPT + 1, "state_out", KEPT),
        helper.make_node("GlobalAveragePool", ["both"], ["mean"]),
        mix("mean", KEPT + 1, "logits", 4),
        helper.make_node("Sigmoid", ["logits"], ["answers"]),
        helper.make_node("Flatten", ["answers"], ["frame"]),
    ]

    def tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "remembers",
        [tensor("luma", 1, 1, 256, 256), tensor("state", 1, KEPT, 32, 32)],
        [
            tensor("mask", 1, 2, 128, 128),
            tensor("maps", 1, 25, 32, 32),
            tensor("embedding", 1, 16, 32, 32),
            tensor("frame", 1, 4),
            tensor("state_out", 1, KEPT, 32, 32),
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="peony tests")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    FILE.write_bytes(model.SerializeToString())
    print(hashlib.sha256(FILE.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
