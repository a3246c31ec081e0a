"""The shelf of pictures a run learns from, and the batches of stills and clips drawn from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from peony_training.data import DATASETS, OUTSIDE, PHANTOM, Case, Pictures
from peony_training.lexicon import DESCRIPTORS, STEPS
from peony_training.preprocess import CANVAS
from peony_training.views import (
    COARSE,
    Marks,
    Outlook,
    Random,
    Window,
    add_shadow,
    add_speckle,
    borders,
    cut,
    fan,
    lay_calipers,
    lesion_box,
    lesion_free_window,
    lesion_label,
    random_window,
    regain,
    sampling_grid,
    soften,
    spread,
    whole_window,
)

# How often a picture is drawn in an epoch, against once.
REPEATS = {"normal": 3.0, "breast": 2.0}
PHANTOM_SHARE, OUTSIDE_SHARE = 0.12, 0.07
PASTE_SHARE = 0.12
# The edge of a lesion that leaves the plane, in half widths of it.
EDGE = 0.25
# Answers of a teacher about one lesion: malignancy, BI-RADS steps, descriptors.
TOLD = 1 + len(STEPS) + len(DESCRIPTORS)


@dataclass(frozen=True)
class Labels:
    """What is known of each case, [n, …] with -1 for unknown, and what the teachers say of it, as logits."""

    malignant: Tensor  # [n]
    steps: Tensor  # [n, 5]
    descriptors: Tensor  # [n, 18]
    tissue: Tensor  # [n, 2]
    breast: Tensor  # [n]
    told: Tensor  # [n, 24]: malignancy, steps, descriptors, pooled by the true mask

    def at(self, index: Tensor) -> "Labels":
        return self.map(lambda values: values[index])

    def map(self, change: Callable[[Tensor], Tensor]) -> "Labels":
        return Labels(*(change(getattr(self, name)) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Told:
    """What the teachers say of every picture of a shelf."""

    masks: Tensor  # uint8 [n, 2, h, w]: probability of the lesion and its core, 0..255, on the whole canvas
    logits: Tensor  # [n, 24]


@dataclass(frozen=True)
class Batch:
    """Views and what is known of them. Two lesions at most: a picture's own, and one pasted beside it."""

    luma: Tensor  # [n, 1, size, size] in 0..1
    masks: Tensor  # [n, 2, size, size] in 0..1: own, pasted
    told: Tensor  # [n, 2, size, size] in 0..1: what the teachers say of the lesion and its core
    lesion: Tensor  # [n]: 1, 0, or -1 where too little of a lesion is left to say
    own: Labels
    pasted: Labels


class Shelf:
    """Every picture of a run where the network is, with labels and an outlook on each mask."""

    def __init__(self, cases: list[Case], pictures: Pictures, device: torch.device, seed: int) -> None:
        self.cases, self.device, self.seed = cases, device, seed
        self.luma, self.luma_large, self.mask = (
            torch.from_numpy(planes)[:, None].to(device)
            for planes in (pictures.luma, pictures.luma_large, pictures.mask)
        )
        parts = self.mask.split(256)
        self.area = torch.cat([part.gt(127).float().mean((1, 2, 3)) for part in parts])
        step = self.mask.shape[-1] // COARSE
        coarse = torch.cat([F.max_pool2d(part.float(), step).gt(20)[:, 0] for part in parts])
        self.outlook = [Outlook(mask) for mask in coarse.cpu().numpy()]
        self.marks: dict[int, Marks] = {}
        self.told: Told | None = None

        def column(values: list[object]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device)

        self.labels = Labels(
            column([c.malignant for c in cases]),
            column([c.steps for c in cases]),
            column([c.descriptors for c in cases]),
            column([c.tissue for c in cases]),
            column([float(c.breast) for c in cases]),
            torch.zeros(len(cases), TOLD, device=device),
        )

    def labels_at(self, index: Tensor) -> Labels:
        labels = self.labels.at(index)
        return labels if self.told is None else replace(labels, told=self.told.logits[index])

    def marks_of(self, size: int) -> Marks:
        if size not in self.marks:
            self.marks[size] = Marks(size, self.seed, self.device)
        return self.marks[size]

    def view(self, index: Tensor, windows: list[Window], bend: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """(luma, mask, told masks) of pictures through windows; a closer or larger look is cut from the larger copy."""
        grid = sampling_grid(windows, bend, size, self.device)
        closer = torch.tensor([w.zoom > 1.15 or size > CANVAS for w in windows], device=self.device)
        luma = grid.new_zeros(len(windows), 1, size, size)
        for kept, which in ((self.luma_large, closer), (self.luma, ~closer)):
            luma[which] = cut(kept[index[which]], grid[which])
        mask = cut(self.mask[index], grid)
        told = cut(self.told.masks[index], grid) if self.told is not None else mask.expand(-1, 2, -1, -1)
        return luma, mask, told


def epoch_order(shelf: Shelf, learn: list[int], rng: np.random.Generator) -> list[int]:
    """Indices of one epoch, shuffled: real pictures at least once, rare ones more, phantom and outsiders a share."""
    real = [i for i in learn if shelf.cases[i].dataset in DATASETS]
    order = []
    for i in real:
        case = shelf.cases[i]
        order += [i] * int(max(REPEATS.get(case.pathology, 1.0), REPEATS.get(case.dataset, 1.0)))
    for name, share in ((PHANTOM, PHANTOM_SHARE), (OUTSIDE, OUTSIDE_SHARE)):
        pool = [i for i in learn if shelf.cases[i].dataset == name]
        if pool:
            order += rng.choice(pool, int(share * len(order)), replace=True).tolist()
    return [order[i] for i in rng.permutation(len(order))]


def stills(shelf: Shelf, chosen: list[int], size: int, rng: np.random.Generator, generator: torch.Generator) -> Batch:
    """One random view of each chosen picture, `size` pixels wide."""
    windows = [random_window(shelf.outlook[i], rng) for i in chosen]
    index = torch.tensor(chosen, device=shelf.device)
    draw = Random(len(chosen), generator)
    bend = draw.normal(2, 4, 4) * 0.02 * draw.chance(0.4)
    luma, mask, told = shelf.view(index, windows, bend, size)
    own = shelf.labels_at(index)
    bent = (draw.chance(0.3) * (own.breast[:, None, None, None] == 1) * (draw.uniform() < 0.1)).bool()
    outsider = bent.flatten() | (own.breast == 0)
    own = replace(own, breast=torch.where(outsider, 0.0, own.breast))
    luma = torch.where(bent, fan(luma, draw), luma)
    inside = (~outsider)[:, None, None, None].float()
    luma, masks, told, pasted = paste(luma, mask * inside, told * inside, own, draw)
    zooms = torch.tensor([w.zoom for w in windows], device=shelf.device)
    inside = borders(luma, draw)
    luma, masks, told = luma * inside, masks * inside, told * inside
    lesion = lesion_label(masks[:, :1], shelf.area[index], zooms)
    lesion = torch.where(masks[:, 1].gt(0.5).float().mean((1, 2)) > 0.0012, 1.0, lesion)
    lesion = torch.where(outsider, 0.0, lesion)
    luma = weather(luma, draw)
    luma = burn_in(shelf, luma, masks[:, :1], draw)
    return Batch(luma, masks, told, lesion, own, pasted)


def weather(luma: Tensor, draw: Random) -> Tensor:
    """What the machine and the hand do to a picture."""
    return add_shadow(add_speckle(soften(regain(luma, draw), draw), draw), draw)


def burn_in(shelf: Shelf, luma: Tensor, mask: Tensor, draw: Random) -> Tensor:
    """What the machine writes over it."""
    return lay_calipers(shelf.marks_of(luma.shape[-1]).lay(luma, draw), mask, draw)


def paste(luma: Tensor, mask: Tensor, told: Tensor, own: Labels, draw: Random) -> tuple[Tensor, Tensor, Tensor, Labels]:
    """Lay the lesion of the next picture of the batch into some of the pictures, where it meets no other.

    Two neighbours in one picture are rare in the data, and a network that never saw them draws them as one.
    """
    guest, guest_mask = luma.roll(1, 0), mask.roll(1, 0)
    reach, soft = spread(guest_mask)
    met = (reach * mask).sum((1, 2, 3)) / reach.sum((1, 2, 3)).clamp(min=1.0)
    area = guest_mask.gt(0.5).float().mean((1, 2, 3))
    # Not into the black beside a picture.
    lit = ((luma > 0.03).float() * reach).sum((1, 2, 3)) / reach.sum((1, 2, 3)).clamp(min=1.0)
    allowed = (met < 0.02) & (lit > 0.9) & (area > 0.003) & (area < 0.25) & (own.breast == 1)
    share = (draw.chance(PASTE_SHARE).flatten() * allowed.float())[:, None, None, None]
    level = (luma.mean((1, 2, 3), keepdim=True) + 0.02) / (guest.mean((1, 2, 3), keepdim=True) + 0.02)
    luma = luma + soft * share * ((guest * level.clamp(0.5, 2.0)).clamp(0, 1) - luma)
    told = told + reach * share * (told.roll(1, 0) - told)
    known = share.flatten() > 0
    given = own.map(lambda values: values.roll(1, 0))
    pasted = given.map(lambda v: torch.where(known.reshape(-1, *[1] * (v.ndim - 1)), v, -1.0))
    pasted = replace(pasted, told=given.told)
    return luma, torch.cat([mask, guest_mask * share], 1), told, pasted


def clips(
    shelf: Shelf, chosen: list[int], frames: int, size: int, rng: np.random.Generator, generator: torch.Generator
) -> Batch:
    """A short scan over each chosen picture: smooth motion, a lesion that comes or goes, gain drift, lost contact.

    The first frame of every clip comes first, then the second of every clip. What a machine burns in stays where it is.
    A frame of a phantom stands for its burst, whose frames follow.
    """
    n = len(chosen)
    draw = Random(n, generator)
    device = shelf.device
    starts = [motion_window(shelf.outlook[i], rng) for i in chosen]
    steps = rng.normal(0, 1, (n, 5)) * np.array([0.010, 0.008, 0.012, 0.004, 0.006])
    burst = [frames_of(shelf, i, frames) for i in chosen]
    bend0, bend1 = draw.normal(2, 4, 4) * 0.015, draw.normal(2, 4, 4) * 0.015
    gain0, gain1 = draw.uniform(0.8, 1.2), draw.uniform(0.8, 1.2)
    # The lesion's share: through the clip it comes, goes, stays or is never there.
    comes, goes = draw.uniform(-0.6, 1.0), draw.uniform(-0.6, 1.0)
    moves = draw.chance(0.45)
    lost = draw.chance(0.12)
    lost_from, lost_until, lost_at = draw.uniform(0, 0.8), draw.uniform(0.2, 1.0), draw.uniform(0.0, 0.7)
    # The same machine through the clip: its tone and what it writes are drawn again from these for each frame.
    machine, writing = rng.integers(2**31, size=2).tolist()
    shift = size // 3
    made = []
    for t in range(frames):
        share = t / max(1, frames - 1)
        index = torch.tensor([b[t] for b in burst], device=device)
        windows = [moved(w, steps[k] * t) for k, w in enumerate(starts)]
        bend = bend0 + share * (bend1 - bend0)
        luma, mask, told = shelf.view(index, windows, bend, size)
        own = shelf.labels_at(index)
        outsider = own.breast == 0
        presence = torch.where(moves > 0, (comes + share * (goes - comes)), torch.ones_like(comes)).clamp(0, 1)
        still = torch.tensor([float(b[0] == b[-1]) for b in burst], device=device)[:, None, None, None]
        presence = torch.where(still > 0, presence, torch.ones_like(presence))
        luma, mask, told, lesion = fade(luma, mask, told, presence, shift)
        luma = luma * (gain0 + share * (gain1 - gain0))
        column = torch.linspace(0, 1, size, device=device)[None, None, None, :]
        gone = lost * (share >= lost_from) * (share <= lost_until) * (column >= lost_at) * (column <= lost_at + 0.4)
        luma = (luma * (1 - 0.97 * gone)).clamp(0, 1)
        tone = Random(n, torch.Generator(device).manual_seed(machine))
        luma = soften(regain(luma, tone), tone)
        # Speckle is another in every frame.
        luma = (luma * (1.0 + 0.12 * draw.normal(1, size, size))).clamp(0, 1) if rng.random() < 0.5 else luma
        luma = burn_in(shelf, luma, mask, Random(n, torch.Generator(device).manual_seed(writing)))
        lesion = torch.where(outsider, 0.0, lesion)
        inside = (~outsider)[:, None, None, None].float()
        masks = torch.cat([mask * inside, torch.zeros_like(mask)], 1)
        nothing = own.map(lambda values: torch.full_like(values, -1.0))
        made.append(Batch(luma, masks, told * inside, lesion, own, nothing))
    return joined(made)


def joined(batches: list[Batch]) -> Batch:
    """Batches one after the other as one."""

    def labels(parts: list[Labels]) -> Labels:
        return Labels(*(torch.cat([getattr(p, f) for p in parts]) for f in Labels.__dataclass_fields__))

    return Batch(
        torch.cat([b.luma for b in batches]),
        torch.cat([b.masks for b in batches]),
        torch.cat([b.told for b in batches]),
        torch.cat([b.lesion for b in batches]),
        labels([b.own for b in batches]),
        labels([b.pasted for b in batches]),
    )


def motion_window(outlook: Outlook, rng: np.random.Generator) -> Window:
    window = lesion_free_window(outlook, rng) if rng.random() < 0.12 else None
    window = window or whole_window(rng)
    window.flip = bool(rng.random() < 0.5)
    return window


def moved(window: Window, step: np.ndarray) -> Window:
    dx, dy, zoom, stretch, turn = step.tolist()
    return Window(
        window.x + dx,
        window.y + dy,
        window.zoom * math.exp(zoom),
        window.stretch * math.exp(stretch),
        window.turn + turn,
        window.flip,
    )


def frames_of(shelf: Shelf, i: int, frames: int) -> list[int]:
    """The pictures of a clip: one still, again and again, or the frames of a burst there and back."""
    burst = shelf.cases[i].burst
    if not burst:
        return [i] * frames
    first = i
    while first > 0 and shelf.cases[first - 1].burst == burst:
        first -= 1
    last = i
    while last + 1 < len(shelf.cases) and shelf.cases[last + 1].burst == burst:
        last += 1
    way = [*range(first, last + 1), *range(last - 1, first, -1)] or [i]
    return [way[k % len(way)] for k in range(frames)]


def fade(
    luma: Tensor, mask: Tensor, told: Tensor, presence: Tensor, shift: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Let a lesion leave the plane: it shrinks towards its middle, as a cut through it does, into the tissue beside it.

    `presence` [n, 1, 1, 1] is 1 in the plane; at 0.25 and below nothing is left of the lesion, nor of its mask. Between
    0.25 and 0.5 nobody can say, and the label is -1. Tissue is taken from the same depth, `shift` pixels to a side; a
    lesion too wide for that stays.
    """
    _, soft = spread(mask)
    met = [(soft * mask.roll(way, 3)).sum((1, 2, 3), keepdim=True) for way in (shift, -shift)]
    beside = torch.where(met[0] <= met[1], luma.roll(shift, 3), luma.roll(-shift, 3))
    presence = torch.where(torch.minimum(*met) < 4.0, presence, torch.ones_like(presence))
    # How far the cut still reaches, in half widths of the lesion's box; its corners lie at the root of two.
    reach = 1.5 * ((presence - 0.25) / 0.75).clamp(min=0.0).sqrt()
    left = ((reach - from_middle(mask)) / EDGE).clamp(0, 1)
    left = torch.where(presence >= 1.0, torch.ones_like(left), left)
    luma = luma + soft * (1.0 - left) * (beside - luma)
    kept = (left > 0.5).float()
    shrunk = mask * kept
    area = shrunk.gt(0.5).float().mean((1, 2, 3))
    before = mask.gt(0.5).float().mean((1, 2, 3))
    here = presence.flatten()
    lesion = torch.where(before <= 6e-5, 0.0, torch.where((here >= 0.5) & (area > 0.0008), 1.0, -1.0))
    return luma, shrunk, told * kept, torch.where(here <= 0.25, 0.0, lesion)


def from_middle(mask: Tensor) -> Tensor:
    """Distance of each pixel from the middle of a mask's box, in half widths and half heights of it: [n, 1, h, w]."""
    x0, y0, x1, y1 = lesion_box(mask)
    h, w = mask.shape[-2:]
    y = torch.arange(h, device=mask.device, dtype=torch.float32)[None, None, :, None] + 0.5
    x = torch.arange(w, device=mask.device, dtype=torch.float32)[None, None, None, :] + 0.5
    across, down = (2 * x - x0 - x1) / (x1 - x0).clamp(min=1.0), (2 * y - y0 - y1) / (y1 - y0).clamp(min=1.0)
    return (across * across + down * down).sqrt()
