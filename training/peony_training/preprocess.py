"""The letterbox that stands between a picture of any size and the network.

The Rust program does the same steps, and `models/fixtures/letterbox` holds pictures on which both are compared. Change
nothing here without writing those fixtures again.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

CANVAS = 256


@dataclass(frozen=True)
class Placement:
    """Where a picture lies on the square canvas, in canvas pixels: offset and size."""

    x: int
    y: int
    width: int
    height: int


def placement(width: int, height: int, canvas: int = CANVAS) -> Placement:
    """Place a `width`×`height` picture centred on the canvas, its long side filling it.

    The new size is rounded half up in integers, so that no platform's float rounding can move it by a pixel.
    """
    longest = max(width, height)
    new_width = max(1, (2 * width * canvas + longest) // (2 * longest))
    new_height = max(1, (2 * height * canvas + longest) // (2 * longest))
    return Placement((canvas - new_width) // 2, (canvas - new_height) // 2, new_width, new_height)


def to_luma(picture: Image.Image) -> Image.Image:
    """8-bit luma of a picture: grey as it is, colour by (299 R + 587 G + 114 B + 500) / 1000 in integers."""
    if picture.mode == "L":
        return picture
    rgb = np.asarray(picture.convert("RGB"), dtype=np.uint32)
    luma = (rgb @ np.array([299, 587, 114], dtype=np.uint32) + 500) // 1000
    return Image.fromarray(luma.astype(np.uint8))


def letterbox(picture: Image.Image, canvas: int = CANVAS) -> Image.Image:
    """The luma picture on a black `canvas`×`canvas` square, resized with Pillow's antialiased bilinear filter."""
    luma = to_luma(picture)
    place = placement(luma.width, luma.height, canvas)
    square = Image.new("L", (canvas, canvas), 0)
    square.paste(luma.resize((place.width, place.height), Image.Resampling.BILINEAR), (place.x, place.y))
    return square


def undo_letterbox(on_canvas: np.ndarray, width: int, height: int) -> np.ndarray:
    """A float32 map on the canvas, cut out and resized back to the picture's own `width`×`height`."""
    place = placement(width, height, on_canvas.shape[0])
    cut = on_canvas[place.y : place.y + place.height, place.x : place.x + place.width]
    return np.asarray(
        Image.fromarray(np.ascontiguousarray(cut, dtype=np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    )
