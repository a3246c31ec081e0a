"""The network alone on every engine and precision, in rounds, so that a busy moment falls on all of them alike.

    cargo build --release -p peony-infer --example time_engines
    python benches/engines.py --onnxruntime LIBRARY --openvino LIBRARY [--rounds 7]

rten, ONNX Runtime and OpenVINO are timed by `time_engines`, in a process for each library, which a process keeps for
good. This Python's ONNX Runtime runs the model and its twin in integers too, to see what Python itself costs. Each line: the median of the rounds' medians, their range, and the
fastest run of all, in milliseconds, one frame a run, on one thread and on two.
"""

import argparse
import os
import statistics
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).parents[1]
UNCOUNTED, COUNTED = 20, 200

# (engine, precision, threads): median and fastest of each round.
Times = dict[tuple[str, str, int], list[tuple[float, float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--onnxruntime", type=Path, required=True, help="an ONNX Runtime library")
    parser.add_argument("--openvino", type=Path, required=True, help="one with OpenVINO inside")
    parser.add_argument("--model", type=Path, default=ROOT / "models/peony-us")
    parser.add_argument("--timer", type=Path, default=ROOT / "target/release/examples/time_engines")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    times: Times = defaultdict(list)
    for number in range(options.rounds):
        for library in (options.onnxruntime, options.openvino):
            add_program(times, options.timer, options.model, library)
        for threads in (1, 2):
            add_python(times, "fp32", options.model / "model.onnx", threads)
            add_python(times, "int8", options.model / "model.int8.onnx", threads)
        print(f"round {number + 1} of {options.rounds}", flush=True)
    print("| engine | precision | threads | p50 ms | of rounds | fastest ms |\n|---|---|---|---|---|---|")
    for (engine, precision, threads), rounds in sorted(times.items(), key=lambda entry: (entry[0][2], entry[0])):
        medians = [median for median, _ in rounds]
        middle, least = statistics.median(medians), min(fastest for _, fastest in rounds)
        spread = f"{min(medians):.2f}–{max(medians):.2f}"
        print(f"| {engine} | {precision} | {threads} | {middle:.2f} | {spread} | {least:.2f} |")


def add_program(times: Times, timer: Path, model: Path, library: Path) -> None:
    """One run of `time_engines`: a line an engine, `engine precision threads min p50 p95 …`."""
    environment = {**os.environ, "PEONY_ORT_LIB": str(library)}
    said = subprocess.run([timer, model], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in said.splitlines()[1:]:
        engine, precision, *numbers = line.split()
        if engine.endswith(":"):  # why an engine was passed over
            continue
        name = engine if engine == "rten" else f"{engine}, {library.name.removeprefix('libonnxruntime.so.')}"
        times[name, precision, int(numbers[0])].append((float(numbers[2]), float(numbers[1])))


def add_python(times: Times, precision: str, path: Path, threads: int) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    given = {one.name: rng.random(one.shape, dtype=np.float32) for one in session.get_inputs()}
    taken = []
    for turn in range(UNCOUNTED + COUNTED):
        start = time.perf_counter()
        session.run(None, given)
        if turn >= UNCOUNTED:
            taken.append((time.perf_counter() - start) * 1e3)
    name = f"onnxruntime/cpu from Python, {onnxruntime.__version__}"
    times[name, precision, threads].append((statistics.median(taken), min(taken)))


if __name__ == "__main__":
    main()
