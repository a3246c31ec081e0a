"""Clips drawn from stills, with their truth beside them: what `peony bench exam --clips` examines.

A clip is a short scan over one still at its own resolution: the probe wavers, the tissue gives way a little, the gain
drifts, the speckle changes from frame to frame, and the lesion comes into the plane and leaves it. In some clips the
scan goes wrong for a while. What a machine burned into the still moves with it. The format is told in README.md.

It deliberately does not give a scale: the way out of the plane is drawn, and no length in it would be true.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
import torch.nn.functional as F
from skimage.filters import gaussian
from skimage.measure import label, regionprops
from torch import Tensor

from peony_training.batches import fade
from peony_training.data import Case, load_mask, load_picture, read_cases
from peony_training.preprocess import to_luma
from peony_training.views import spread

# What a clip shows of its still, as shares of width and height: the rest is what the probe wavers over. The skin stays.
SHOWN = (0.86, 0.95)
# How far the hand turns (radians), comes closer, and how far tissue gives way (share of the width).
TURN, CLOSER, GIVE = 0.035, 0.06, 0.012
# Periods of the hand, s: two slow ones, so that no frame is far from the last.
PERIODS = (3.5, 9.0)
# Share of the fine detail that is the still's own in every frame, and how much of the rest a frame keeps of the last.
OWN_DETAIL, KEPT = 0.85, 0.5
# Fine detail is what a Gaussian of so many pixels takes away; beyond so many grey levels it is a mark and not speckle.
DETAIL_PX, MOST_DETAIL = 2.5, 25.0
# Share of the clips with a lesion in which the scan goes wrong, for how long, and not before, s.
FAULTY, FAULT_S, NOT_BEFORE_S = 0.5, 1.5, 1.5
# A fault leaves this share of the frames that show the lesion.
LEFT_OF_LESION = 0.6
FAULTS = ("lost_contact", "too_dark", "too_bright", "blur", "too_fast", "frozen")
# Steps of gain in grey levels: 22 dB down and 20 up, of the 60 that a picture shows.
DARKER, BRIGHTER = 22 / 60 * 255, 20 / 60 * 255
# A lesion of which this much is in the frame is whole; of less than this share of the frame nobody can say.
WHOLE, LEAST = 0.88, 0.0008
# A part of a mask below this share of it is a speck of the drawing, not a lesion; the program takes the same.
SPECK = 0.01
# Replaced tissue must be as lit as this share of what it lies in, that no black of the margin becomes a cyst; and what
# lies below the lesion as this share of what lies beside that.
LIT = 0.6
# It is taken with so many pixels on both sides.
MARGIN = 8


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    data: Path
    out: Path
    split: str = "val"
    seed: int = 0
    count: int = 84
    frames: int = 120
    fps: int = 20


@dataclass(frozen=True)
class Plan:
    """How one clip goes: all that is drawn before its first frame."""

    fps: int
    presence: np.ndarray  # [frames]: 1 in the plane, nothing left at 0.25
    shift: int  # where the tissue beside the lesion is taken from, pixels; 0 where it never leaves
    fault: str | None
    fault_frames: range


@dataclass(frozen=True)
class Shown:
    """One frame, and of each lesion what can be seen of it: (number, mask, whether it is whole)."""

    luma: np.ndarray  # uint8 [h, w]
    lesions: list[tuple[int, np.ndarray, bool]]


def write_clips(order: Order) -> int:
    """Write `count` clips, each as `NAME.y4m` and `NAME.json`; says how many there were stills for."""
    order.out.mkdir(parents=True, exist_ok=True)
    chosen = choose([case for case in read_cases(order.data) if case.split == order.split], order.count, order.seed)
    for number, case in enumerate(chosen):
        rng = np.random.default_rng([order.seed, crc32(case.image.encode())])
        picture = load_picture(order.data, case)
        luma = np.asarray(to_luma(picture))
        parts = parts_of(np.asarray(load_mask(order.data, case, picture.size)) > 127)
        plan = plan_clip(luma, parts, order.frames, order.fps, rng)
        name = f"{number:03}-{case.dataset}-{case.pathology}"
        frames: list[dict[str, Any]] = []
        with (order.out / f"{name}.y4m").open("wb") as video:
            for index, shown in enumerate(draw(luma, parts, plan, rng)):
                if index == 0:
                    height, width = shown.luma.shape
                    video.write(header(width, height, order.fps))
                video.write(b"FRAME\n" + shown.luma.tobytes())
                if shown.lesions:
                    frames.append({"frame": index, "lesions": [told(*lesion) for lesion in shown.lesions]})
        truth = truth_of(case, len(parts), plan, frames)
        (order.out / f"{name}.json").write_text(json.dumps(truth, separators=(",", ":")) + "\n")
    return len(chosen)


def choose(cases: list[Case], count: int, seed: int) -> list[Case]:
    """Stills of each data set and pathology in turn, another patient each time as long as there is one."""
    rng = np.random.default_rng([seed, 17])
    strata: dict[tuple[str, str], dict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        strata[case.dataset, case.pathology][case.group].append(case)
    queues = []
    for key in sorted(strata):
        groups = [strata[key][group] for group in sorted(strata[key])]
        groups = [groups[i] for i in rng.permutation(len(groups))]
        queues.append([case for turn in zip_longest(*groups) for case in turn if case])
    return [case for turn in zip_longest(*queues) for case in turn if case][:count]


def parts_of(mask: np.ndarray) -> list[np.ndarray]:
    """The lesions of a mask: its 4-connected parts without the specks, bool [h, w] each."""
    labels = label(mask, connectivity=1)
    least = SPECK * mask.sum()
    return [labels == part.label for part in regionprops(labels) if part.area >= least]


def plan_clip(luma: np.ndarray, parts: list[np.ndarray], frames: int, fps: int, rng: np.random.Generator) -> Plan:
    """Draw how a clip goes. A lesion that has no tissue beside it to leave into, or that is not alone, stays."""
    seconds = frames / fps
    at = np.arange(frames) / fps
    kind = rng.choice(["through", "there_and_back", "stays"], p=[0.6, 0.25, 0.15])
    shift = shift_beside(luma, parts[0]) if len(parts) == 1 and kind != "stays" else 0
    presence = np.ones(frames)
    if shift:
        twice = kind == "there_and_back"
        # Half of the time that the plane is within the lesion: of 12 mm at 5 to 8 mm/s.
        halves = rng.uniform(0.75, 1.2, 2) * (0.8 if twice else 1.0)
        middles = (0.27, 0.75) if twice else (rng.uniform(0.35, 0.65),)
        passes = [1.1 - 0.85 * np.abs(at - m * seconds) / h for m, h in zip(middles, halves, strict=False)]
        presence = np.clip(np.max(passes, 0), 0, 1)
    fault, fault_frames = str(rng.choice(FAULTS)), fault_at(presence, fps, rng)
    if not parts or not fault_frames or rng.random() >= FAULTY:
        return Plan(fps, presence, shift, None, range(0))
    return Plan(fps, presence, shift, fault, fault_frames)


def fault_at(presence: np.ndarray, fps: int, rng: np.random.Generator) -> range:
    """The frames of a fault, which leaves the most of what is seen of the lesion; none where a clip is too short."""
    room = len(presence) / fps - FAULT_S - 0.5
    if room <= NOT_BEFORE_S:
        return range(0)
    there = presence >= 0.5
    for _ in range(20):
        first = int(rng.uniform(NOT_BEFORE_S, room) * fps)
        frames = range(first, first + int(FAULT_S * fps))
        if there[frames.start : frames.stop].sum() <= (1 - LEFT_OF_LESION) * there.sum():
            return frames
    return range(0)


def shift_beside(luma: np.ndarray, part: np.ndarray) -> int:
    """How far to the side of a lesion lit tissue of the same depth lies, pixels, as `fade` takes it; 0 where none does.

    `fade` rolls the picture, so that a shift by most of its width is a small one the other way.
    """
    grey, mask, lesions = widened(plane(luma)), widened(plane(part), zeros=True), widened(plane(part))
    width = mask.shape[3]
    around, soft = spread(mask)
    ring = (around > 0) & (mask < 0.5)
    level = float((grey * ring).sum() / ring.sum().clamp(min=1))
    columns, rows = (np.nonzero(part.any(axis))[0] for axis in (0, 1))
    columns += (width - part.shape[1]) // 2
    below = (..., slice(int(rows.max()) + MARGIN, None), slice(int(columns.min()), int(columns.max()) + 1))
    first, last = int(columns.min()) - MARGIN, int(columns.max()) + MARGIN
    for shift in sorted(range(MARGIN, width - MARGIN, 4), key=lambda shift: min(shift, width - shift)):
        # What `fade` will take: the side on which it meets less of the lesion.
        met = {way: float((soft * mask.roll(way, 3)).sum()) for way in (shift, -shift)}
        way = shift if met[shift] <= met[-shift] else -shift
        # It must not lie on both sides of the border, nor show the lesion in the mirror.
        inside = (first - way) // width == (last - way) // width
        clear = inside and float((soft * lesions.roll(way, 3)).sum()) < 4.0
        beside = grey.roll(way, 3)
        lit = float((beside * soft).sum() / soft.sum()) >= LIT * level
        # Its shadow would stay behind without it.
        shadowed = bool(grey[below].sum() < LIT * beside[below].sum())
        if clear and lit and not shadowed:
            return shift
    return 0


def widened(still: Tensor, zeros: bool = False) -> Tensor:
    """A plane [1, 1, h, w] with half its width more on both sides: mirrored tissue, since few stills have room beside a
    lesion; or nothing."""
    beside = still.shape[3] // 2
    return F.pad(still, (beside, beside, 0, 0), mode="constant" if zeros else "reflect")


def draw(luma: np.ndarray, parts: list[np.ndarray], plan: Plan, rng: np.random.Generator) -> Iterator[Shown]:
    """The frames of a clip, one after the other."""
    still, masks = plane(luma), [plane(part) for part in parts]
    beside = still.shape[3] // 2
    size = [max(1, round(share * side)) for share, side in zip(SHOWN, luma.shape[::-1], strict=True)]
    hand = Hand(luma.shape[1], luma.shape[0], size, rng)
    speckle = Speckle(size[::-1], rng)
    gain = Waver(rng)
    side = rng.choice(["left", "right", "whole"])
    last: Shown | None = None
    for index in range(len(plan.presence)):
        now, fault = index / plan.fps, plan.fault if index in plan.fault_frames else None
        if fault == "frozen" and last is not None:
            yield last
            continue
        tissue, cuts, certain = still, masks, True
        if plan.shift:
            presence = torch.full((1, 1, 1, 1), float(plan.presence[index]))
            mask = widened(masks[0], zeros=True)
            tissue, cut, _, says = fade(widened(still), mask, mask, presence, plan.shift)
            tissue, cut = (values[..., beside : beside + still.shape[3]] for values in (tissue, cut))
            cuts, certain = [cut], float(says) > 0
        grid = hand.grid(now)
        seen = F.grid_sample(tissue, grid, mode="bicubic", padding_mode="border", align_corners=False)
        grey = seen[0, 0].numpy().clip(0, 1) * 255 * (1 + 0.05 * gain(now))
        grey = speckle.change(grey, hurried=fault == "too_fast")
        hidden = np.zeros(size[0], dtype=bool)
        if fault == "lost_contact":
            grey, hidden = lose_contact(grey, str(side), rng)
        elif fault:
            grey = go_wrong(grey, fault)
        lesions = []
        for number, cut in enumerate(cuts):
            there = F.grid_sample(cut, grid, mode="bilinear", align_corners=False)[0, 0].numpy() > 0.5
            there &= ~hidden
            whole = float(cut.sum()) * hand.closer(now) ** 2
            if there.any():
                is_whole = certain and fault is None and there.sum() >= WHOLE * whole and there.mean() >= LEAST
                lesions.append((number, there, bool(is_whole)))
        last = Shown(grey.round().clip(0, 255).astype(np.uint8), lesions)
        yield last


class Waver:
    """A smooth wander between -1 and 1."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.periods = rng.uniform(*PERIODS, 2)
        self.phases = rng.uniform(0, 2 * np.pi, 2)

    def __call__(self, seconds: float) -> float:
        return float(np.sin(2 * np.pi * seconds / self.periods + self.phases).mean())


class Hand:
    """Where the picture lies on the still at each moment."""

    def __init__(self, width: int, height: int, size: list[int], rng: np.random.Generator) -> None:
        self.still, self.size = (width, height), size
        self.slack = [(side - shown) / 2 for side, shown in zip(self.still, size, strict=True)]
        self.across, self.down, self.turn, self.near = (Waver(rng) for _ in range(4))
        self.bend = [torch.from_numpy(rng.normal(0, 1, (1, 2, 4, 4))).float() for _ in range(2)]
        self.give = [Waver(rng) for _ in self.bend]

    def closer(self, now: float) -> float:
        """How many pixels one of the still is wide."""
        return 1.0 + CLOSER * 0.5 * (1.0 + self.near(now))

    def grid(self, now: float) -> Tensor:
        """Where each pixel is read, [1, h, w, 2] in -1..1."""
        width, height = self.size
        y, x = torch.meshgrid(
            torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2, indexing="ij"
        )
        angle, closer = TURN * self.turn(now), self.closer(now)
        cos, sin = np.cos(angle) / closer, np.sin(angle) / closer
        bend = sum(give(now) * bend for give, bend in zip(self.give, self.bend, strict=True))
        smooth = GIVE * width * F.interpolate(bend, size=(height, width), mode="bicubic", align_corners=True)[0]
        middle_x = self.still[0] / 2 + self.slack[0] * self.across(now)
        # Closer to the skin, not to the middle: what leaves the picture leaves it below and at the sides.
        middle_y = self.still[1] / 2 + self.slack[1] * self.down(now) - height / 2 * (1 - 1 / closer)
        from_x = cos * x - sin * y + middle_x + smooth[0]
        from_y = sin * x + cos * y + middle_y + smooth[1]
        return torch.stack([2 * from_x / self.still[0] - 1, 2 * from_y / self.still[1] - 1], -1)[None].float()


class Speckle:
    """Fine detail that changes from frame to frame, as that of a plane on its way does."""

    def __init__(self, shape: list[int], rng: np.random.Generator) -> None:
        self.rng, self.shape = rng, shape
        self.field = self.drawn()

    def drawn(self) -> np.ndarray:
        """Speckle of one pixel and a half, of unit deviation, without what is coarse."""
        grain = gaussian(self.rng.standard_normal(self.shape, dtype=np.float32), (0.8, 1.2), truncate=3)
        grain -= coarsely(grain)
        return grain / grain.std()

    def change(self, grey: np.ndarray, hurried: bool) -> np.ndarray:
        """The next frame: as much fine detail as before, of which a part is new. A hurried hand keeps next to none, and
        each frame is the mean of what it passed."""
        kept, own = (0.0, 0.05) if hurried else (KEPT, OWN_DETAIL)
        self.field = kept * self.field + np.sqrt(1 - kept**2) * self.drawn()
        coarse = coarsely(grey)
        detail = grey - coarse
        deviation = np.sqrt(coarsely(np.minimum(detail**2, MOST_DETAIL**2)))
        smear = 0.8 if hurried else 1.0
        return coarse + smear * (np.sqrt(own) * detail + np.sqrt(1 - own) * deviation * self.field)


def coarsely(grey: np.ndarray) -> np.ndarray:
    """Without its fine detail."""
    return gaussian(grey, DETAIL_PX, preserve_range=True, truncate=3)


def lose_contact(grey: np.ndarray, side: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(picture, columns that see nothing): bands of reverberation at the top, alike along the face, and noise below."""
    height, width = grey.shape
    y, x = (np.arange(height) / height)[:, None], np.arange(width) / width
    bands = 170 * np.exp(-y / 0.045) * (0.65 + 0.35 * np.cos(2 * np.pi * y / 0.028))
    dark = bands + np.abs(rng.normal(0, 1.5, grey.shape))
    reach = {"left": 0.45 - x, "right": x - 0.55, "whole": np.ones_like(x)}[side]
    lost = np.clip(reach / 0.05, 0, 1)
    return grey * (1 - lost) + dark * lost, lost > 0.5


def go_wrong(grey: np.ndarray, fault: str) -> np.ndarray:
    """A picture with a fault of the machine. A step of gain is one of grey level, since grey is the logarithm."""
    match fault:
        case "too_dark":
            return (grey - DARKER).clip(0)
        case "too_bright":
            return np.where(grey > 1, grey + BRIGHTER, grey)
        case "blur":
            return gaussian(grey, max(2.0, grey.shape[1] / 180), preserve_range=True)
        case _:
            return grey


def plane(values: np.ndarray) -> Tensor:
    """[1, 1, h, w] in 0..1, of a mask or of grey levels."""
    scale = 1.0 if values.dtype == bool else 255.0
    return torch.from_numpy(values.astype(np.float32) / scale)[None, None]


def header(width: int, height: int, fps: int) -> bytes:
    return f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 Cmono XCOLORRANGE=FULL\n".encode()


def told(number: int, mask: np.ndarray, whole: bool) -> dict[str, Any]:
    ys, xs = np.nonzero(mask)
    box = [int(v) for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)]
    return {"lesion": number, "visible": "whole" if whole else "partly", "box_px": box, "runs": runs_of(mask)}


def runs_of(mask: np.ndarray) -> list[int]:
    """How many pixels are off, then on, then off …, row after row from the upper left. It ends with some on."""
    flat = np.concatenate([[0], mask.astype(np.int8).ravel(), [0]])
    edges = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate([[0], edges])).tolist()


def truth_of(case: Case, lesions: int, plan: Plan, frames: list[dict[str, Any]]) -> dict[str, Any]:
    malignant = case.pathology == "malignant"
    faults = [{"kind": plan.fault, "from": plan.fault_frames.start, "to": plan.fault_frames.stop}] if plan.fault else []
    return {
        "dataset": case.dataset,
        "group": case.group,
        "still": case.image,
        "mm_per_px": None,
        "fps": plan.fps,
        "lesions": [{"malignant": malignant, "birads": case.birads or None} for _ in range(lesions)],
        "faults": faults,
        "frames": frames,
    }
