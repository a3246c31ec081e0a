"""Synthetic pictures on which the Rust program and this package are compared. No patient is in them."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

from peony_training.calibrate import Calibration
from peony_training.export import OUTPUTS, as_shipped
from peony_training.net import PeonyUs
from peony_training.preprocess import CANVAS, letterbox

# Wide, tall, odd, tiny, larger than the canvas, the canvas itself, and thinner than one canvas pixel.
MASK_SIZE = (40, 48)
SIZES = ((640, 480), (97, 61), (31, 300), (1, 1), (256, 256), (3, 2), (1200, 2), (255, 257))


def synthetic_picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Bands, an ellipse darker than its surroundings, and grain: sharp edges and noise for a resize to differ on."""
    rng = np.random.default_rng([seed, width, height])
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    tissue = 110.0 + 50.0 * np.sin(24.0 * y / height + 3.0 * np.sin(5.0 * x / width))
    ellipse = ((x / width - 0.55) / 0.2) ** 2 + ((y / height - 0.45) / 0.15) ** 2 < 1.0
    tissue[ellipse] = 25.0
    grainy = tissue * (1.0 + 0.35 * rng.standard_normal((height, width)))
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))


def write_letterbox_fixtures(folder: Path) -> None:
    """`<w>x<h>.png` and the canvas expected of it, `<w>x<h>.out.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        picture = synthetic_picture(width, height)
        picture.save(folder / f"{width}x{height}.png", optimize=True)
        letterbox(picture).save(folder / f"{width}x{height}.out.png", optimize=True)


def write_mask_fixtures(folder: Path) -> None:
    """One ellipse, written as masks are: each file marks the same pixels, for the Rust program and for this package."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = MASK_SIZE
    y, x = np.mgrid[0:height, 0:width]
    on = ((x - 26) / 15) ** 2 + ((y - 17) / 10) ** 2 < 1.0
    ones = on.astype(np.uint8)
    alone = np.zeros_like(ones)
    palette = Image.fromarray(ones).convert("P")
    palette.putpalette([0, 0, 0, 128, 0, 0])
    written = {
        "bits-1": Image.fromarray(on),
        "grey-8": Image.fromarray(ones * 255),
        "grey-8-ones": Image.fromarray(ones),
        "grey-16": Image.fromarray(ones.astype(np.uint16) * 65535),
        "grey-16-ones": Image.fromarray(ones.astype(np.uint16)),
        "palette": palette,
        "blue-ones": Image.fromarray(np.stack([alone, alone, ones], -1)),
        "opaque-ones": Image.fromarray(np.stack([ones, np.full_like(ones, 255)], -1)),
    }
    for name, mask in written.items():
        mask.save(folder / f"{name}.png", optimize=True)


@torch.no_grad()
def write_model_fixture(folder: Path, net: PeonyUs, version: str, calibration: Calibration) -> None:
    """`input.png` (256×256) and what PyTorch answers to it, for a test of any engine within a tolerance.

    `expected.json` has the mean of each channel of each output: of a first frame, and with memory of the same picture
    after it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    picture = synthetic_picture(CANVAS, CANVAS, seed=7).filter(ImageFilter.GaussianBlur(1.0))
    picture.save(folder / "input.png", optimize=True)
    luma = torch.from_numpy(np.asarray(picture, dtype=np.float32)[None, None] / np.float32(255.0))
    shipped = as_shipped(net, calibration)
    frames, state = [], None
    for _ in range(1 if net.memory is None else 2):
        outputs = shipped(luma, state)
        state = outputs[len(OUTPUTS)] if net.memory is not None else None
        names = [*OUTPUTS, "state_out"][: len(outputs)]
        frames.append({n: o.flatten(2).mean(2)[0].tolist() for n, o in zip(names, as_maps(outputs), strict=True)})
    expected = {"version": version, "tolerance": 1e-3, "channel_means": frames}
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


def as_maps(outputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    """Answers for the frame, [1, c], as maps of one cell."""
    return [output[..., None, None] if output.ndim == 2 else output for output in outputs]
