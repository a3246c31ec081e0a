"""The work of one live frame, done in Python with ONNX Runtime and OpenCV: what `peony bench live` is compared with.

    python -m venv .venv && .venv/bin/pip install -r benches/requirements.txt
    .venv/bin/python benches/python_live.py FRAMES [--model models/peony-us] [--frames 3000] [--threads 2]

FRAMES is a folder of PNGs, or a raw file of 8-bit luma frames one after the other (then --size WxH). They are
decoded before the clock starts. One line of JSON: milliseconds p50, p95, p99 and max of the network, of everything
outside it, of the whole step and of each stage, and the machine's GFLOP/s in an fp32 matrix product.

Written as one would write it with these libraries: arrays stay in OpenCV and NumPy, nothing loops over pixels, work
that can be done on the 256-pixel picture is done there, and buffers are kept between frames where the library allows.
Two things are simpler than in Peony, and in Python's favour: the picture is shrunk by cv2.INTER_AREA (Pillow's
antialiased bilinear, which the network was trained on, takes longer), and a track is a box without a filter. With
--mm-per-px (of the frames, as `phantom --example frames` prints it) the step out of the plane is read from speckle as
in Peony, all patches of a lag at once; without it that part is left out, and the program does less than Peony.
"""

import argparse
import json
import math
import os
import sys
import time
import tomllib
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("source", type=Path, help="a folder of PNGs, or a raw file of 8-bit luma")
    parser.add_argument("--size", default="640x480", help="width x height of the frames of a raw file")
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "models/peony-us")
    parser.add_argument("--frames", type=int, default=3000, help="frames that are counted; the source is repeated")
    parser.add_argument("--mm-per-px", type=float, help="millimetres a pixel of the frames")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engine", choices=["onnxruntime", "openvino", "openvino-bf16"], default="onnxruntime")
    return parser.parse_args()


ARGUMENTS = arguments()
# Read by the linear algebra under NumPy when it is loaded, so set before.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = str(ARGUMENTS.threads)

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

UNCOUNTED = 30
MIN_AREA_CELLS = 16.0  # pixels of the mask: smaller parts of it are noise
SAME_TRACK_IOU = 0.3
LOST_AFTER = 8
SHIFT_SIDE = 128
FRESH_SHARE = 0.6  # of the newest mask in the fused one


def load_frames(source: Path, size: str) -> list[np.ndarray]:
    """Grey or BGR pictures, as the source has them."""
    if source.is_dir():
        frames = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(source.glob("*.png"))]
        frames = [frame for frame in frames if frame is not None]
    else:
        width, height = (int(part) for part in size.split("x"))
        raw = np.fromfile(source, dtype=np.uint8)
        frames = list(raw[: raw.size // (width * height) * width * height].reshape(-1, height, width))
    if not frames:
        sys.exit(f"{source}: no frames")
    return frames


def session(model: Path, engine: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list = ["CPUExecutionProvider"]
    if engine != "onnxruntime":
        hint = "bf16" if engine.endswith("bf16") else "f32"
        config = json.dumps({"CPU": {"INFERENCE_PRECISION_HINT": hint}})
        settings = {"device_type": "CPU", "num_of_threads": str(threads), "load_config": config}
        providers = [("OpenVINOExecutionProvider", settings)]
    made = onnxruntime.InferenceSession(str(model), options, providers=providers)
    if engine != "onnxruntime" and "OpenVINOExecutionProvider" not in made.get_providers():
        sys.exit("this onnxruntime has no OpenVINO inside; install onnxruntime-openvino")
    return made


class Live:
    """The state between frames, and one method a stage."""

    def __init__(self, model: Path, engine: str, threads: int, mm_per_px: float | None) -> None:
        self.card = tomllib.loads((model / "card.toml").read_text(encoding="utf-8"))
        self.session = session(model / self.card["file"], engine, threads)
        self.side = self.card["inputs"][0]["shape"][2]
        self.outputs = [output["name"] for output in self.card["outputs"]]
        self.threshold = self.card["thresholds"]["mask"]
        # Pixels of the canvas for one of the mask.
        mask = next(output for output in self.card["outputs"] if output["name"] == "mask")
        self.step = self.side // mask["shape"][2]
        self.speckle = Speckle(mm_per_px) if mm_per_px else None
        self.canvas = np.zeros((self.side, self.side), np.uint8)
        self.picture = self.canvas  # the part of it without the black bars, which never move
        self.input = np.zeros((1, 1, self.side, self.side), np.float32)
        self.window = cv2.createHanningWindow((SHIFT_SIDE, SHIFT_SIDE), cv2.CV_32F)
        self.before: np.ndarray | None = None
        self.fused: np.ndarray | None = None
        self.tracks: list[dict] = []
        self.born = 0

    def luma(self, frame: np.ndarray) -> np.ndarray:
        return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)

    def quality(self, grey: np.ndarray) -> dict:
        """Sharpness, brightness, clipping, and how many columns have no echo under the skin line."""
        sharp = cv2.Laplacian(grey, cv2.CV_16S, ksize=3)
        _, deviation = cv2.meanStdDev(sharp)
        mean, spread = cv2.meanStdDev(grey)
        histogram = cv2.calcHist([grey], [0], None, [256], [0, 256])
        top = cv2.reduce(grey[grey.shape[0] // 16 : grey.shape[0] // 3], 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
        return {
            "sharpness": float(deviation[0, 0]) ** 2,
            "mean": float(mean[0, 0]),
            "spread": float(spread[0, 0]),
            "black": float(histogram[:4].sum()) / grey.size,
            "white": float(histogram[251:].sum()) / grey.size,
            "no_contact": float(np.count_nonzero(top < 12.0)) / top.size,
        }

    def letterbox(self, grey: np.ndarray) -> tuple[float, int, int]:
        height, width = grey.shape
        scale = self.side / max(width, height)
        new = max(1, math.floor(width * scale + 0.5)), max(1, math.floor(height * scale + 0.5))
        left, top = (self.side - new[0]) // 2, (self.side - new[1]) // 2
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        self.canvas[:] = 0
        self.picture = self.canvas[top : top + new[1], left : left + new[0]]
        cv2.resize(grey, new, dst=self.picture, interpolation=interpolation)
        np.multiply(self.canvas, np.float32(1 / 255), out=self.input[0, 0], dtype=np.float32)
        return scale, left, top

    def net(self) -> dict[str, np.ndarray]:
        return dict(zip(self.outputs, self.session.run(self.outputs, {"luma": self.input}), strict=True))

    def motion(self) -> tuple[float, float, float]:
        """Shift since the frame before, in pixels of the letterboxed picture, and how sure it is."""
        small = cv2.resize(self.picture, (SHIFT_SIDE, SHIFT_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self.before = self.before, small
        if before is None:
            return 0.0, 0.0, 0.0
        (dx, dy), response = cv2.phaseCorrelate(before, small, self.window)
        height, width = self.picture.shape
        return dx * width / SHIFT_SIDE, dy * height / SHIFT_SIDE, response

    def fuse(self, mask: np.ndarray, shift: tuple[float, float, float]) -> np.ndarray:
        """The mask with what the past frames left of it, moved to where the tissue is now."""
        dx, dy, sure = shift
        if self.fused is None or sure < 0.1:
            self.fused = mask
        else:
            move = np.array([[1, 0, dx / self.step], [0, 1, dy / self.step]], np.float32)
            moved = cv2.warpAffine(self.fused, move, mask.shape[::-1], flags=cv2.INTER_LINEAR)
            self.fused = cv2.addWeighted(mask, FRESH_SHARE, moved, 1 - FRESH_SHARE, 0)
        return self.fused

    def findings(self, mask: np.ndarray, logits: np.ndarray, place: tuple[float, int, int]) -> list[dict]:
        """Each connected part of the mask: outline, box, score, malignancy, and lengths in pixels of the frame."""
        scale, left, top = place[0] / self.step, place[1] / self.step, place[2] / self.step
        binary = cv2.threshold(mask, self.threshold, 1, cv2.THRESH_BINARY)[1].astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8, ltype=cv2.CV_16U)
        found = []
        for label in range(1, count):
            x, y, width, height, area = stats[label]
            if area < MIN_AREA_CELLS:
                continue
            inside = np.s_[y : y + height, x : x + width]
            part = (labels[inside] == label).astype(np.uint8)
            outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(int(x), int(y)))
            outline = max(outlines, key=len)
            hull = cv2.convexHull(outline)[:, 0, :].astype(np.float32)
            feret = math.sqrt(float(((hull[:, None] - hull[None]) ** 2).sum(-1).max()))
            (_, _), sides, _ = cv2.minAreaRect(outline)
            weights = np.zeros_like(mask)
            np.multiply(mask[inside], part, out=weights[inside])
            cells = cv2.resize(weights, logits.shape[::-1], interpolation=cv2.INTER_AREA)
            logit = float((cells * logits).sum() / max(float(cells.sum()), 1e-6))
            found.append({
                "box_px": [(x - left) / scale, (y - top) / scale, (x + width - left) / scale, (y + height - top) / scale],
                "contour_px": ((outline[:, 0, :] - (left, top)) / scale).tolist(),
                "score": float(cv2.mean(mask[inside], mask=part)[0]),
                "malignancy": 1 / (1 + math.exp(-logit)),
                "long_px": feret / scale,
                "short_px": min(sides) / scale,
                "perimeter_px": cv2.arcLength(outline, closed=True) / scale,
                "area_px2": float(area) / scale**2,
            })
        return found

    def volume(self, grey: np.ndarray, shift: tuple[float, float, float], scale: float) -> None:
        """The probe's step out of the plane and its turn, from speckle."""
        if self.speckle:
            self.speckle.follow(grey, shift[0] / scale, shift[1] / scale)

    def track(self, found: list[dict], shift: tuple[float, float, float], scale: float) -> None:
        """Give each finding to the track that it covers best, greedily; a track not seen for long is dropped."""
        dx, dy = shift[0] / scale, shift[1] / scale
        for track in self.tracks:
            x0, y0, x1, y1 = track["box_px"]
            track["box_px"] = [x0 + dx, y0 + dy, x1 + dx, y1 + dy]
            track["unseen"] += 1
        pairs = sorted(
            ((iou(track["box_px"], finding["box_px"]), i, j)
             for i, track in enumerate(self.tracks) for j, finding in enumerate(found)),
            reverse=True,
        )
        old, new = set(), set()
        for overlap, i, j in pairs:
            if overlap < SAME_TRACK_IOU or i in old or j in new:
                continue
            old.add(i)
            new.add(j)
            track, finding = self.tracks[i], found[j]
            best = max(track["best"], finding, key=lambda seen: seen["score"] * seen["area_px2"])
            track.update(box_px=finding["box_px"], best=best, unseen=0, seen=track["seen"] + 1)
        for j, finding in enumerate(found):
            if j not in new:
                self.born += 1
                self.tracks.append({"id": self.born, "box_px": finding["box_px"], "best": finding, "unseen": 0, "seen": 1})
        self.tracks = [track for track in self.tracks if track["unseen"] < LOST_AFTER]


class Speckle:
    """How far each frame lies from the last ones, from how alike their speckle is: the method of crates/ultrasound/src/motion.rs.

    All patches of a lag and a shift are compared at once: a product of whole pictures, and its mean in every patch.
    """

    PIXEL_MM, LARGEST, PATCH = 0.1, 400, (32, 36)
    LAGS, LONG_LAG = (1, 2, 4), 8

    def __init__(self, mm_per_px: float) -> None:
        self.scale = mm_per_px / self.PIXEL_MM
        self.past: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
        self.usual = np.zeros(64)
        self.step_mm, self.turn = 0.0, 0.0

    def follow(self, grey: np.ndarray, dx: float, dy: float) -> None:
        """Compare a frame with those before it; (dx, dy) is the content's shift since the last one, in its pixels."""
        used = [min(side, int(self.LARGEST / self.scale)) for side in grey.shape]
        left = (grey.shape[1] - used[1]) // 2
        columns, rows = int(used[1] * self.scale) // self.PATCH[0], int(used[0] * self.scale) // self.PATCH[1]
        size = columns * self.PATCH[0], rows * self.PATCH[1]
        part = grey[: int(size[1] / self.scale), left : left + int(size[0] / self.scale)]
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        fine = cv2.GaussianBlur(small - cv2.GaussianBlur(small, (0, 0), 4.0), (0, 0), 0.7)
        means, variances = self.moments(fine, (columns, rows))
        place = np.array([dx, dy]) * self.scale
        if self.past:
            greys = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_AREA)
            self.compare(fine, place + self.past[0][3], means, variances, greys)
            place = place + self.past[0][3]
        self.past.insert(0, (fine, means, variances, place))
        del self.past[self.LONG_LAG :]

    def moments(self, fine: np.ndarray, patches: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of every patch."""
        means = cv2.resize(fine, patches, interpolation=cv2.INTER_AREA)
        return means, cv2.resize(fine * fine, patches, interpolation=cv2.INTER_AREA) - means * means

    def compare(
        self, fine: np.ndarray, place: np.ndarray, means: np.ndarray, variances: np.ndarray, greys: np.ndarray
    ) -> None:
        rows, columns = means.shape
        deviations = np.sqrt(np.maximum(variances, 0.0))
        bright = greys > 25.0
        bright[[0, -1, -2], :] = False
        bright[:, [0, -1]] = False
        if not bright.any():
            return
        self.usual = self.usual * 0.95 + np.histogram(deviations[bright], 64, (0.0, 40.0))[0]
        mode = (self.usual.argmax() + 0.5) * 40.0 / 64
        full = bright & (np.abs(deviations - mode) <= 0.25 * mode)
        if full.sum() < 12:
            return
        across = (np.arange(columns) + 0.5 - columns / 2) * self.PATCH[0] * self.PIXEL_MM
        depth = (np.arange(rows) + 0.5) * self.PATCH[1] * self.PIXEL_MM
        off = 2.2 * (depth / 18.0 - 1.0)
        sigma = np.sqrt(0.81 + off * off * np.where(depth < 18.0, 0.35, 1.0)) / 2.355
        xs, steps, weights = [], [], []
        slow = False
        for lag in (*self.LAGS, self.LONG_LAG):
            if lag > len(self.past) or (lag == self.LONG_LAG and not slow):
                continue
            old, old_means, old_variances, old_place = self.past[lag - 1]
            alike = self.alike(old, fine, place - old_place, old_means, old_variances)[full]
            slow = slow or (lag == 1 and float(np.median(alike)) > 0.9)
            rho = np.clip(alike, 0.02, 0.9995)
            steps.append((np.broadcast_to(sigma[:, None], full.shape)[full] * np.sqrt(-2.0 * np.log(rho))) / lag)
            weights.append(np.where((rho >= 0.25) & (rho <= 0.85), 1.0 / ((rho - 0.55) ** 2 + 0.01), 0.02))
            xs.append(np.broadcast_to(across, full.shape)[full])
        self.fit(np.concatenate(xs), np.concatenate(steps), np.concatenate(weights))

    def alike(
        self, old: np.ndarray, new: np.ndarray, shift: np.ndarray, old_means: np.ndarray, old_variances: np.ndarray
    ) -> np.ndarray:
        """Normalised cross-correlation of every patch at its own sub-pixel place, from nine whole-pixel shifts."""
        patches = old_means.shape[::-1]
        whole = np.rint(shift).astype(int)
        padded = cv2.copyMakeBorder(new, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        if whole.any():
            move = np.array([[1, 0, -whole[0]], [0, 1, -whole[1]]], np.float32)
            padded = cv2.warpAffine(padded, move, padded.shape[::-1], flags=cv2.INTER_NEAREST)
        height, width = old.shape
        surface = np.empty((3, 3, *old_means.shape), np.float32)
        for down in range(3):
            for right in range(3):
                other = padded[down : down + height, right : right + width]
                means, variances = self.moments(other, patches)
                both = cv2.resize(old * other, patches, interpolation=cv2.INTER_AREA) - old_means * means
                surface[down, right] = both / np.sqrt(np.maximum(old_variances * variances, 1e-6))
        smooth = np.stack([cv2.blur(surface[i // 3, i % 3], (3, 3)) for i in range(9)]).reshape(surface.shape)
        right = vertex(smooth[1, 0], smooth[1, 1], smooth[1, 2])
        down = vertex(smooth[0, 1], smooth[1, 1], smooth[2, 1])
        rows = [parabola(surface[i, 0], surface[i, 1], surface[i, 2], right) for i in range(3)]
        return parabola(*rows, down)

    def fit(self, xs: np.ndarray, steps: np.ndarray, weights: np.ndarray) -> None:
        """The weighted line through step against place across, far points weighing less (Huber)."""
        now = weights
        for _ in range(3):
            total, first, second = now.sum(), (now * xs).sum(), (now * xs * xs).sum()
            spread = total * second - first * first
            if spread <= 1e-6:
                return
            turn = (total * (now * xs * steps).sum() - first * (now * steps).sum()) / spread
            step = ((now * steps).sum() - turn * first) / total
            off = np.abs(steps - step - turn * xs)
            usual = 1.5 * max(float(np.median(off)), 1e-3)
            now = weights * usual / np.maximum(off, usual)
        self.step_mm, self.turn = 1.22 * float(step), 1.42 * float(turn)


def vertex(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the parabola through three values is highest, within half a pixel."""
    curvature = np.minimum(before - 2 * middle + after, -1e-6)
    return np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)


def parabola(before: np.ndarray, middle: np.ndarray, after: np.ndarray, t: np.ndarray) -> np.ndarray:
    return middle + 0.5 * (after - before) * t + 0.5 * (before - 2 * middle + after) * t * t


def iou(a: list[float], b: list[float]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


STAGES = ["luma", "quality", "letterbox", "net", "motion", "fuse", "findings", "track", "volume"]


def step(live: Live, frame: np.ndarray) -> tuple[list[float], int]:
    """One frame; the time after each stage, and how many findings there were."""
    clock = time.perf_counter
    times = [clock()]
    grey = live.luma(frame)
    times.append(clock())
    live.quality(grey)
    times.append(clock())
    place = live.letterbox(grey)
    times.append(clock())
    outputs = live.net()
    times.append(clock())
    shift = live.motion()
    times.append(clock())
    mask = live.fuse(outputs["mask"][0, 0], shift)
    times.append(clock())
    found = live.findings(mask, outputs["malignancy_map"][0, 0], place)
    times.append(clock())
    live.track(found, shift, place[0])
    times.append(clock())
    live.volume(grey, shift, place[0])
    times.append(clock())
    return times, len(found)


def summary(milliseconds: np.ndarray) -> dict[str, float]:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    values = {"p50": p50, "p95": p95, "p99": p99, "max": milliseconds.max()}
    return {name: round(float(value), 3) for name, value in values.items()}


def gemm_gflops(side: int = 2048, runs: int = 12) -> dict[str, float]:
    """The machine's fp32 rate in a large matrix product, 1 multiply-add counted as 2; the best and the median run."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, side, side), dtype=np.float32)
    c = np.empty_like(a)
    np.matmul(a, b, out=c)
    rates = []
    for _ in range(runs):
        start = time.perf_counter()
        np.matmul(a, b, out=c)
        rates.append(2 * side**3 / (time.perf_counter() - start) / 1e9)
    return {"best": round(max(rates), 1), "median": round(float(np.median(rates)), 1)}


def main() -> None:
    arguments = ARGUMENTS
    cv2.setNumThreads(arguments.threads)
    frames = load_frames(arguments.source, arguments.size)
    live = Live(arguments.model, arguments.engine, arguments.threads, arguments.mm_per_px)
    laps, findings = [], 0
    for index in range(UNCOUNTED + arguments.frames):
        times, count = step(live, frames[index % len(frames)])
        if index >= UNCOUNTED:
            laps.append(times)
            findings += count
    stages = np.diff(np.array(laps), axis=1) * 1e3
    total, net = stages.sum(axis=1), stages[:, STAGES.index("net")]
    rate = gemm_gflops()
    print(json.dumps({
        "frames": arguments.frames,
        "size_px": [frames[0].shape[1], frames[0].shape[0]],
        "channels": 1 if frames[0].ndim == 2 else frames[0].shape[2],
        "findings_a_frame": round(findings / arguments.frames, 2),
        "step_mm": round(live.speckle.step_mm, 3) if live.speckle else None,
        "engine": arguments.engine,
        "threads": arguments.threads,
        "net_ms": summary(net),
        "outside_ms": summary(total - net),
        "step_ms": summary(total),
        "stages": {name: summary(stages[:, at]) for at, name in enumerate(STAGES)},
        "gemm_gflops": rate,
        "net_gflops_at_p50": round(live.card["gflop"] / float(np.percentile(net, 50)) * 1e3, 1),
        "versions": {"python": sys.version.split()[0], "opencv": cv2.__version__, "numpy": np.__version__,
                     "onnxruntime": onnxruntime.__version__},
    }))


if __name__ == "__main__":
    main()
