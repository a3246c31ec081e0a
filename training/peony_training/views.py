"""Random views of training pictures: where each is cut, how it was gained, what a machine burned into it.

A view is planned on the processor (a few numbers) and drawn where the network is, a batch at a time. Two rules.
Whatever is done to pictures with a lesion is done to those without one (marks, borders, zoom), so that no side effect
of the drawing tells the answer. And every draw comes from the generators given, so that a run repeats.

Coordinates are shares of the square canvas, x to the right and y down, 0..1.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

# A lesion counts as seen when this share of it, and this share of the canvas, are still in the view.
SEEN_SHARE, SEEN_CANVAS = 0.4, 0.0012
# Masks are planned on at this size.
COARSE = 96
WORDS = ("RT", "LT", "UOQ", "LIQ", "AX", "MAMA DIR", "MAMA ESQ", "GE", "12L", "D 17.0mm", "x 9.2mm", "RAD", "3 H", "B")
MARKS = 192


@dataclass
class Window:
    """The part of the canvas that is shown: centre, zoom, width over height, turn in radians, mirrored or not."""

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0
    stretch: float = 1.0
    turn: float = 0.0
    flip: bool = False


class Outlook:
    """What planning needs to know of a mask: its box, and whether any window is clear of it."""

    def __init__(self, coarse: np.ndarray) -> None:
        """`coarse` bool [96, 96]: where the mask touches."""
        self.size = coarse.shape[0]
        self.sums = np.zeros((self.size + 1, self.size + 1), np.int32)
        self.sums[1:, 1:] = coarse.cumsum(0).cumsum(1)
        ys, xs = np.nonzero(coarse)
        edges = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) else None
        self.box = tuple(float(edge) / self.size for edge in edges) if edges else None

    def clear(self, x: float, y: float, half: float) -> bool:
        """Whether no mask lies within `half` of (x, y), as a square."""
        x0, y0 = (max(0, int((v - half) * self.size)) for v in (x, y))
        x1, y1 = (min(self.size, int((v + half) * self.size) + 1) for v in (x, y))
        s = self.sums
        return bool(s[y1, x1] - s[y0, x1] - s[y1, x0] + s[y0, x0] == 0)


def random_window(outlook: Outlook, rng: np.random.Generator, lesion_free: float = 0.15) -> Window:
    """Beside the lesion, a closer look, or the whole picture."""
    window = lesion_free_window(outlook, rng) if rng.random() < lesion_free else None
    if window is None:
        window = closer_window(outlook, rng) if rng.random() < 0.3 else whole_window(rng)
    window.flip = bool(rng.random() < 0.5)
    return window


def whole_window(rng: np.random.Generator) -> Window:
    """The whole picture, a little moved; one time in ten small, as inside a vendor's screen."""
    small = rng.random() < 0.1
    return Window(
        x=0.5 + rng.uniform(-0.08, 0.08),
        y=0.5 + rng.uniform(-0.08, 0.08),
        zoom=rng.uniform(0.5, 0.85) if small else math.exp(rng.uniform(-0.18, 0.22)),
        stretch=math.exp(rng.uniform(-0.15, 0.15)),
        turn=math.radians(rng.normal(0.0, 5.0)),
    )


def closer_window(outlook: Outlook, rng: np.random.Generator) -> Window:
    """A closer look: at the lesion, or at any place where there is none, that no zoom may mean 'normal'."""
    zoom = rng.uniform(1.2, 2.2)
    turn = math.radians(rng.normal(0.0, 5.0))
    if outlook.box is None:
        half = 0.5 * (1.0 - 1.0 / zoom)
        return Window(0.5 + rng.uniform(-half, half), 0.5 + rng.uniform(-half, half), zoom, 1.0, turn)
    x0, y0, x1, y1 = outlook.box
    extent = max(x1 - x0, y1 - y0)
    zoom = max(1.0, min(zoom, 0.9 / extent))
    half = max(1.0 / zoom - extent, 0.0) / 2
    return Window((x0 + x1) / 2 + rng.uniform(-half, half), (y0 + y1) / 2 + rng.uniform(-half, half), zoom, 1.0, turn)


def lesion_free_window(outlook: Outlook, rng: np.random.Generator) -> Window | None:
    """A window of a picture with a lesion that keeps clear of it, or None where twelve tries find none."""
    if outlook.box is None:
        return None
    for _ in range(12):
        zoom = rng.uniform(1.4, 2.6)
        half = 0.5 / zoom
        x, y = rng.uniform(half, 1.0 - half, 2)
        if outlook.clear(x, y, half * 1.15):
            return Window(x, y, zoom)
    return None


class Random:
    """Draws of a batch, one number a picture, shaped to be multiplied with [n, 1, h, w]."""

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.n, self.generator, self.device = n, generator, generator.device

    def uniform(self, low: float = 0.0, high: float = 1.0, *shape: int) -> Tensor:
        draw = torch.rand((self.n, *(shape or (1, 1, 1))), generator=self.generator, device=self.device)
        return low + (high - low) * draw

    def normal(self, *shape: int) -> Tensor:
        return torch.randn((self.n, *shape), generator=self.generator, device=self.device)

    def chance(self, share: float) -> Tensor:
        return (self.uniform() < share).float()


def sampling_grid(windows: list[Window], bend: Tensor | None, size: int, device: torch.device) -> Tensor:
    """Where each output pixel is read, [n, size, size, 2] in -1..1; `bend` [n, 2, k, k] adds a smooth deformation."""
    rows = []
    for w in windows:
        cos, sin = math.cos(w.turn) / w.zoom, math.sin(w.turn) / w.zoom
        a, b, d, e = cos * w.stretch, -sin, sin * w.stretch, cos
        if w.flip:
            a, d = -a, -d
        rows.append([[a, b, 2 * w.x - 1], [d, e, 2 * w.y - 1]])
    affine = torch.tensor(rows, dtype=torch.float32).to(device, non_blocking=True)
    grid = F.affine_grid(affine, [len(windows), 1, size, size], align_corners=False)
    if bend is None:
        return grid
    smooth = F.interpolate(bend, size=(size, size), mode="bicubic", align_corners=True)
    return grid + smooth.permute(0, 2, 3, 1)


def cut(planes: Tensor, grid: Tensor) -> Tensor:
    """Sample uint8 [n, c, h, w] through the grid, to 0..1."""
    seen = planes.float().div_(255.0)
    return F.grid_sample(seen, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def lesion_label(mask: Tensor, area_before: Tensor, zooms: Tensor) -> Tensor:
    """1, 0, or -1 where too little of the lesion is left to say. Areas as shares of the canvas, all [n]."""
    after = mask.gt(0.5).float().mean((1, 2, 3))
    wanted = SEEN_SHARE * area_before * zooms * zooms
    seen = (after >= wanted) & (after >= torch.minimum(area_before, torch.full_like(after, SEEN_CANVAS)))
    return torch.where(after <= 6e-5, 0.0, torch.where(seen, 1.0, -1.0))


def borders(luma: Tensor, draw: Random) -> Tensor:
    """1 inside and 0 in black bars on opposite sides, as the letterbox of a picture of another shape leaves them."""
    size = luma.shape[-1]
    edge = ((torch.arange(size, device=luma.device) + 0.5) / size - 0.5).abs()
    bar = draw.uniform(0.05, 0.25)
    across = torch.where(draw.chance(0.5) > 0, edge[None, None, None, :], edge[None, None, :, None])
    return torch.where(draw.chance(0.25) > 0, (across < 0.5 - bar).float(), torch.ones_like(across))


def regain(luma: Tensor, draw: Random) -> Tensor:
    """Another gain, gamma, black level and tone curve, and sometimes another gain by depth. Black stays black."""
    grey = luma.clamp(0, 1)
    bent = grey.clamp(min=1e-4) ** draw.uniform(-0.5, 0.5).exp() * draw.uniform(0.7, 1.35) + draw.uniform(-0.06, 0.04)
    # A soft S or its inverse: machines differ in their dynamic range.
    curve = draw.uniform(-0.12, 0.12)
    bent = bent + curve * torch.sin(2 * math.pi * bent.clamp(0, 1))
    depth = torch.linspace(0, 1, luma.shape[-2], device=luma.device)[None, None, :, None]
    top, bottom = draw.uniform(0.6, 1.3), draw.uniform(0.6, 1.3)
    by_depth = torch.where(draw.chance(0.3) > 0, top + (bottom - top) * depth, torch.ones_like(depth))
    return torch.where(draw.chance(0.9) > 0, bent * by_depth, grey).clamp(0, 1) * (grey > 0.002)


def soften(luma: Tensor, draw: Random) -> Tensor:
    """Blur or sharpen: a narrow and a wide Gaussian mixed in by a random share, below 0 for an unsharp mask."""
    near = blur(luma)
    wide = F.interpolate(blur(F.avg_pool2d(near, 2)), scale_factor=2.0, mode="bilinear")
    share = draw.uniform(-0.4, 1.0) * draw.chance(0.35)
    blurred = torch.where(draw.chance(0.5) > 0, near, wide)
    return (luma + share * (blurred - luma)).clamp(0, 1)


def blur(x: Tensor) -> Tensor:
    """Binomial blur of five taps each way (a Gaussian of one pixel), borders repeated.

    Sums of shifted copies: a convolution of one channel is several times slower.
    """
    for axis in (2, 3):
        pad = (0, 0, 2, 2) if axis == 2 else (2, 2, 0, 0)
        padded = F.pad(x, pad, mode="replicate")
        size = x.shape[axis]
        a, b, c, d, e = (padded.narrow(axis, k, size) for k in range(5))
        x = (a + e) * 0.0625 + (b + d) * 0.25 + c * 0.375
    return x


def spread(mask: Tensor) -> tuple[Tensor, Tensor]:
    """(around, soft): a mask [n, 1, h, w] grown by about six pixels, and the same with an edge that fades out.

    Made at a quarter of the size, where it costs little.
    """
    around = F.max_pool2d(F.max_pool2d(mask, 4), 3, 1, 1)
    soft = F.avg_pool2d(F.avg_pool2d(around, 3, 1, 1), 3, 1, 1)
    size = mask.shape[-2:]
    return F.interpolate(around, size=size, mode="nearest"), F.interpolate(soft, size=size, mode="bilinear")


def add_speckle(luma: Tensor, draw: Random) -> Tensor:
    """Multiplicative grain, of one pixel or coarser."""
    size = luma.shape[-1]
    fine = draw.normal(1, size, size)
    coarse = F.interpolate(draw.normal(1, size // 3, size // 3), size=(size, size), mode="bilinear")
    grain = torch.where(draw.chance(0.5) > 0, fine, coarse)
    return (luma * (1.0 + draw.uniform(0.05, 0.25) * draw.chance(0.3) * grain)).clamp(0, 1)


def add_shadow(luma: Tensor, draw: Random, share: float = 0.12) -> Tensor:
    """A dark stripe from the skin down, as an air bubble or a rib leaves."""
    column = torch.linspace(0, 1, luma.shape[-1], device=luma.device)[None, None, None, :]
    width = draw.uniform(0.015, 0.12)
    dim = draw.uniform(0.4, 0.95) * draw.chance(share) * torch.exp(-(((column - draw.uniform()) / width) ** 2))
    return luma * (1.0 - dim)


class Marks:
    """What machines burn into pictures: words, body marks, rulers. Drawn once, laid over pictures at random."""

    def __init__(self, size: int, seed: int, device: torch.device) -> None:
        rng = np.random.default_rng([seed, 5])
        sheets = np.stack([draw_sheet(size, rng) for _ in range(MARKS)])
        self.sheets = torch.from_numpy(sheets)[:, None].to(device)

    def lay(self, luma: Tensor, draw: Random, share: float = 0.5) -> Tensor:
        """Lay a sheet over a `share` of the pictures."""
        chosen = (draw.uniform() * MARKS).long().flatten().clamp(max=MARKS - 1)
        sheet = self.sheets[chosen].to(luma.dtype).div(255.0) * draw.chance(share)
        return torch.where(sheet > 0, sheet, luma)


def draw_sheet(size: int, rng: np.random.Generator) -> np.ndarray:
    """Words, sometimes a body mark or a ruler, on black, uint8 [size, size]."""
    sheet = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(0, 4))):
        where = tuple(rng.integers(0, size - 20, 2).tolist())
        font = ImageFont.load_default(float(rng.uniform(8, 16)))
        pen.text(where, WORDS[rng.integers(len(WORDS))], fill=int(rng.integers(140, 256)), font=font)
    if rng.random() < 0.3:
        x, y, r = int(rng.integers(0, size - 60)), int(rng.integers(size // 2, size - 60)), int(rng.integers(16, 30))
        fill = int(rng.integers(120, 256))
        pen.ellipse((x, y, x + 2 * r, y + 2 * r), outline=fill)
        pen.ellipse((x + r - 2, y + r - 2, x + r + 2, y + r + 2), fill=fill)
        turn = rng.uniform(0, 2 * math.pi)
        a, b = x + r + r * 0.6 * math.cos(turn), y + r + r * 0.6 * math.sin(turn)
        pen.line((a - 6, b, a + 6, b), fill=fill, width=2)
    if rng.random() < 0.3:
        x, step = int(rng.choice([3, size - 6])), int(rng.integers(8, 30))
        for y in range(4, size, step):
            pen.line((x, y, x + 3, y), fill=int(rng.integers(120, 256)))
    return np.asarray(sheet)


def lay_calipers(luma: Tensor, mask: Tensor, draw: Random, pairs: int = 2) -> Tensor:
    """Pairs of small crosses, sometimes joined by dots; at a lesion or anywhere else alike."""
    h, w = luma.shape[-2:]
    y = torch.arange(h, device=luma.device, dtype=torch.float32)[None, None, :, None]
    x = torch.arange(w, device=luma.device, dtype=torch.float32)[None, None, None, :]
    x0, y0, x1, y1 = lesion_box(mask)
    has = (x1 > x0).float()
    for _ in range(pairs):
        shown = draw.chance(0.3)
        at_lesion = (draw.chance(0.4) * has) > 0
        reach = draw.uniform(8, 60)
        cx, cy = draw.uniform(20, w - 20), draw.uniform(20, h - 20)
        left, right = torch.where(at_lesion, x0, cx - reach), torch.where(at_lesion, x1, cx + reach)
        top, bottom = torch.where(at_lesion, y0, cy - reach * 0.7), torch.where(at_lesion, y1, cy + reach * 0.7)
        upright = draw.chance(0.5) > 0
        ax, bx = torch.where(upright, (left + right) / 2, left), torch.where(upright, (left + right) / 2, right)
        ay, by = torch.where(upright, top, (top + bottom) / 2), torch.where(upright, bottom, (top + bottom) / 2)
        arm = draw.uniform(2, 5)
        cross = torch.zeros_like(luma, dtype=torch.bool)
        for px, py in ((ax, ay), (bx, by)):
            dx, dy = (x - px).abs(), (y - py).abs()
            cross |= ((dx <= arm) & (dy <= 0.6)) | ((dx <= 0.6) & (dy <= arm))
        # Dots every four pixels along the line between them.
        length = ((bx - ax) ** 2 + (by - ay) ** 2).sqrt().clamp(min=1.0)
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length
        aside = ((x - ax) * (by - ay) - (y - ay) * (bx - ax)).abs() / length
        dots = (aside <= 0.6) & (along >= 0) & (along <= length) & (along % 4.0 < 1.0) & (draw.chance(0.5) > 0)
        luma = torch.where((cross | dots) & (shown > 0), draw.uniform(0.6, 1.0), luma)
    return luma


def lesion_box(mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Left, top, right, bottom of each mask in pixels, [n, 1, 1, 1]; all 0 where there is none."""
    on = mask > 0.5
    columns, rows = on.any(2)[:, 0].float(), on.any(3)[:, 0].float()
    any_ = columns.amax(1)
    edges = []
    for line in (columns, rows):
        first = line.argmax(1).float()
        last = line.shape[1] - line.flip(1).argmax(1).float()
        edges.append((first * any_, last * any_))
    (x0, x1), (y0, y1) = edges
    return tuple(v[:, None, None, None] for v in (x0, y0, x1, y1))


def fan(luma: Tensor, draw: Random) -> Tensor:
    """The picture bent into the wide fan of an abdominal or cardiac probe, on black."""
    size = luma.shape[-1]
    line = torch.linspace(-1, 1, size, device=luma.device)
    x, y = line[None, None, None, :], (line[None, None, :, None] + 1) / 2
    half = draw.uniform(0.55, 0.85)
    apex = draw.uniform(0.0, 0.25)
    depth = (x * x + (y + apex) ** 2).sqrt()
    angle = torch.atan2(x.expand_as(depth), (y + apex).expand_as(depth)) / half
    grid = torch.stack([angle[:, 0], ((depth - apex) * 2 - 1)[:, 0]], -1)
    return F.grid_sample(luma, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
