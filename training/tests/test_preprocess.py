"""The letterbox: its geometry, its way back, and the fixtures that the Rust program is held to."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peony_training.fixtures import SIZES, synthetic_picture
from peony_training.preprocess import CANVAS, Placement, letterbox, placement, to_luma, undo_letterbox

FIXTURES = Path(__file__).parents[2] / "models" / "fixtures" / "letterbox"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), Placement(0, 32, 256, 192)),
        ((97, 61), Placement(0, 47, 256, 161)),
        ((31, 300), Placement(115, 0, 26, 256)),
        ((1, 1), Placement(0, 0, 256, 256)),
        ((1200, 2), Placement(0, 127, 256, 1)),
        # 3 × 256 / 512 = 1.5 goes up, where rounding half to even would be 2 and Python's int() 1.
        ((512, 5), Placement(0, 126, 256, 3)),
    ],
)
def test_placement(size: tuple[int, int], expected: Placement) -> None:
    assert placement(*size) == expected


@pytest.mark.parametrize("size", SIZES)
def test_fixtures_are_what_this_code_makes(size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    picture = Image.open(FIXTURES / f"{name}.png")
    assert np.array_equal(np.asarray(picture), np.asarray(synthetic_picture(*size)))
    assert np.array_equal(np.asarray(letterbox(picture)), np.asarray(Image.open(FIXTURES / f"{name}.out.png")))


@pytest.mark.parametrize("size", [(640, 480), (97, 61), (500, 471)])
def test_undoing_the_letterbox_brings_a_mask_back(size: tuple[int, int]) -> None:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    truth = ((x / width - 0.4) / 0.2) ** 2 + ((y / height - 0.6) / 0.25) ** 2 < 1
    canvas = np.asarray(letterbox(Image.fromarray(truth.astype(np.uint8) * 255)), dtype=np.float32) / 255.0
    back = undo_letterbox(canvas, width, height) > 0.5
    assert 2 * (back & truth).sum() / (back.sum() + truth.sum()) > 0.98


def test_colour_becomes_luma_in_integers() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [1, 2, 3]]], np.uint8)
    assert np.asarray(to_luma(Image.fromarray(colours))).tolist() == [[76, 150, 29, 255, 2]]
    assert letterbox(Image.fromarray(colours)).size == (CANVAS, CANVAS)
