"""Random views of a training picture: where it is cut, how it was gained, and what a machine burned into it.

Two rules. Whatever is done to pictures with a lesion is done to those without one (marks, borders, zoom), so that no
side effect of the drawing tells the answer. And every draw comes from the generator given, so that a run repeats.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from peony_training.preprocess import CANVAS

# A lesion counts as seen when this share of it, and this many canvas pixels, are still in the view.
SEEN_SHARE, SEEN_PIXELS = 0.4, 80
FONT = ImageFont.load_default()
WORDS = ("RT", "LT", "UOQ", "LIQ", "AX", "MAMA DIR", "MAMA ESQ", "GE", "12L", "D 17.0mm", "x 9.2mm", "RAD", "3 H", "B")


@dataclass(frozen=True)
class Source:
    """One picture at both cached sizes, uint8 luma and mask."""

    luma: np.ndarray
    mask: np.ndarray
    luma_large: np.ndarray
    mask_large: np.ndarray


@dataclass(frozen=True)
class View:
    """What the network is shown. `lesion` is 1, 0, or -1 where too little of the lesion is left to say."""

    luma: np.ndarray  # uint8 [256, 256]
    mask: np.ndarray  # uint8 [256, 256]
    lesion: int


@dataclass(frozen=True)
class Window:
    """The part of the canvas that is shown: centre and zoom in canvas pixels, turn in radians."""

    x: float
    y: float
    zoom: float
    stretch: float
    turn: float


def random_view(source: Source, rng: np.random.Generator) -> View:
    """One random view of a picture."""
    window = lesion_free_window(source.mask, rng) if rng.random() < 0.15 else None
    if window is None:
        window = zoomed_window(source.mask, rng) if rng.random() < 0.3 else whole_window(rng)
    luma, mask = cut(source, window, flip=rng.random() < 0.5)
    lesion = lesion_label(source.mask, mask, window.zoom)
    if rng.random() < 0.25:
        luma, mask = add_borders(luma, mask, rng)
        lesion = lesion_label(source.mask, mask, window.zoom)
    if rng.random() < 0.9:
        luma = regain(luma, rng)
    if rng.random() < 0.2:
        luma = luma.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.3:
        luma = add_speckle(luma, rng)
    if rng.random() < 0.1:
        luma = add_shadow(luma, rng)
    if rng.random() < 0.5:
        draw_marks(luma, mask, rng)
    return View(np.asarray(luma), np.asarray(mask), lesion)


def lesion_label(before: np.ndarray, after: Image.Image, zoom: float) -> int:
    """Whether the lesion that was in the picture is still in the view."""
    area_before = int((before > 127).sum())
    area_after = int((np.asarray(after) > 127).sum())
    if area_after <= 4:
        return 0
    seen = area_after >= SEEN_SHARE * area_before * zoom * zoom and area_after >= min(SEEN_PIXELS, area_before)
    return 1 if seen else -1


def whole_window(rng: np.random.Generator) -> Window:
    """The whole picture, a little moved; one time in ten small, as inside a vendor's screen."""
    small = rng.random() < 0.1
    return Window(
        x=CANVAS / 2 + CANVAS * rng.uniform(-0.08, 0.08),
        y=CANVAS / 2 + CANVAS * rng.uniform(-0.08, 0.08),
        zoom=rng.uniform(0.5, 0.85) if small else math.exp(rng.uniform(-0.18, 0.22)),
        stretch=math.exp(rng.uniform(-0.12, 0.12)),
        turn=math.radians(rng.normal(0.0, 5.0)),
    )


def zoomed_window(mask: np.ndarray, rng: np.random.Generator) -> Window:
    """A closer look: at the lesion, or at any place where there is none, that no zoom may mean 'normal'."""
    ys, xs = np.nonzero(mask > 127)
    zoom = rng.uniform(1.2, 2.2)
    if len(xs):
        extent = max(np.ptp(xs), np.ptp(ys)) + 1
        zoom = max(1.0, min(zoom, 0.9 * CANVAS / extent))
        x, y = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
        room = CANVAS / zoom - extent
    else:
        x = y = CANVAS / 2
        room = CANVAS * (1.0 - 1.0 / zoom)
    half = max(room, 0.0) / 2
    return Window(
        x + rng.uniform(-half, half), y + rng.uniform(-half, half), zoom, 1.0, math.radians(rng.normal(0.0, 5.0))
    )


def lesion_free_window(mask: np.ndarray, rng: np.random.Generator) -> Window | None:
    """A window of a picture with a lesion that keeps clear of it, or None where ten tries find none."""
    if not (mask > 127).any():
        return None
    for _ in range(10):
        zoom = rng.uniform(1.5, 2.6)
        half = CANVAS / zoom / 2
        x, y = rng.uniform(half, CANVAS - half, 2)
        clear = half * 1.15
        x0, x1 = max(0, int(x - clear)), int(x + clear) + 1
        y0, y1 = max(0, int(y - clear)), int(y + clear) + 1
        if not (mask[y0:y1, x0:x1] > 20).any():
            return Window(x, y, zoom, 1.0, 0.0)
    return None


def cut(source: Source, window: Window, flip: bool) -> tuple[Image.Image, Image.Image]:
    """Sample luma and mask through the window."""
    zoomed = window.zoom > 1.15
    luma, mask = (source.luma_large, source.mask_large) if zoomed else (source.luma, source.mask)
    scale = luma.shape[0] / CANVAS
    cos, sin = math.cos(window.turn) / window.zoom, math.sin(window.turn) / window.zoom
    a, b = scale * cos * window.stretch, -scale * sin
    d, e = scale * sin * window.stretch, scale * cos
    if flip:
        a, d = -a, -d
    middle = CANVAS / 2
    affine = (a, b, scale * window.x - (a + b) * middle, d, e, scale * window.y - (d + e) * middle)

    def sample(plane: np.ndarray) -> Image.Image:
        return Image.fromarray(plane).transform(
            (CANVAS, CANVAS), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )

    return sample(luma), sample(mask)


def add_borders(luma: Image.Image, mask: Image.Image, rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Black bars on opposite sides, as the letterbox of a picture of another shape leaves them."""
    bar = int(rng.uniform(0.05, 0.25) * CANVAS)
    box = (bar, 0, CANVAS - bar, CANVAS) if rng.random() < 0.5 else (0, bar, CANVAS, CANVAS - bar)

    def inside(picture: Image.Image) -> Image.Image:
        framed = Image.new("L", picture.size, 0)
        framed.paste(picture.crop(box), box[:2])
        return framed

    return inside(luma), inside(mask)


def regain(luma: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Another gain, gamma and black level, and sometimes another gain by depth."""
    level = np.arange(256) / 255.0
    curve = level ** math.exp(rng.uniform(-0.45, 0.45)) * rng.uniform(0.7, 1.35) + rng.uniform(-0.06, 0.04)
    # Black stays black: outside of the sector no machine shows grey.
    curve[0] = 0.0
    table = np.clip(curve * 255.0 + 0.5, 0, 255).astype(np.uint8)
    pixels = table[np.asarray(luma)]
    if rng.random() < 0.3:
        by_depth = np.linspace(rng.uniform(0.6, 1.3), rng.uniform(0.6, 1.3), CANVAS, dtype=np.float32)
        pixels = np.clip(pixels * by_depth[:, None], 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def add_speckle(luma: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Multiplicative grain, of one pixel or coarser."""
    cells = CANVAS // int(rng.integers(1, 4))
    grain = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    field = np.asarray(grain.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR))
    pixels = np.asarray(luma) * (1.0 + rng.uniform(0.05, 0.25) * field)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def add_shadow(luma: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A dark stripe from the skin down, as an air bubble or a rib leaves."""
    centre, width = rng.uniform(0, CANVAS), rng.uniform(4, 30)
    columns = np.arange(CANVAS)
    dim = 1.0 - rng.uniform(0.4, 0.95) * np.exp(-(((columns - centre) / width) ** 2))
    return Image.fromarray((np.asarray(luma) * dim[None, :]).astype(np.uint8))


def draw_marks(luma: Image.Image, mask: Image.Image, rng: np.random.Generator) -> None:
    """Words and calipers, drawn in place; calipers sit at a lesion or anywhere else alike."""
    pen = ImageDraw.Draw(luma)
    for _ in range(rng.integers(0, 4)):
        where = tuple(rng.integers(0, CANVAS - 20, 2).tolist())
        pen.text(where, WORDS[rng.integers(len(WORDS))], fill=int(rng.integers(140, 256)), font=FONT)
    for _ in range(rng.integers(0, 3)):
        box = mask.getbbox() if rng.random() < 0.4 else None
        if box is None:
            x, y = rng.uniform(20, CANVAS - 20, 2)
            reach = rng.uniform(8, 60)
            box = (x - reach, y - reach * 0.7, x + reach, y + reach * 0.7)
        draw_caliper(pen, box, rng)


def draw_caliper(pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float], rng: np.random.Generator) -> None:
    """Two small crosses across a box, sometimes joined by dots."""
    fill = int(rng.integers(150, 256))
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    upright = rng.random() < 0.5
    ends = ((middle_x, box[1]), (middle_x, box[3])) if upright else ((box[0], middle_y), (box[2], middle_y))
    arm = int(rng.integers(2, 5))
    for x, y in ends:
        pen.line((x - arm, y, x + arm, y), fill=fill)
        pen.line((x, y - arm, x, y + arm), fill=fill)
    if rng.random() < 0.5:
        (x0, y0), (x1, y1) = ends
        steps = max(2, int(math.hypot(x1 - x0, y1 - y0) / 4))
        pen.point([(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps + 1)], fill=fill)
