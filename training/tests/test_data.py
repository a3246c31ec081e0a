"""The data path: which cases go where, and what an augmented view may and may not change."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peony_training.augment import Source, draw_marks, lesion_free_window, random_view
from peony_training.data import Case, hold_out, read_cases
from peony_training.fixtures import synthetic_picture
from peony_training.preprocess import CANVAS, letterbox

DATA = Path(os.environ.get("PEONY_DATA", Path(__file__).parents[3] / "shared" / "data"))


def case(name: str, group: str, pathology: str = "benign", dataset: str = "busi") -> Case:
    return Case(dataset, f"{name}.jpg", f"{name}.png", f"{dataset}/{group}", pathology, "", "train")


def source_with_box(box: tuple[int, int, int, int] | None) -> Source:
    planes = []
    for size in (CANVAS, CANVAS * 3 // 2):
        mask = np.zeros((size, size), np.uint8)
        if box:
            x0, y0, x1, y1 = (edge * size // CANVAS for edge in box)
            mask[y0:y1, x0:x1] = 255
        planes += [np.asarray(letterbox(synthetic_picture(640, 480), size)), mask]
    return Source(*planes)


def test_no_group_is_both_learned_from_and_held_out() -> None:
    cases = [case(f"{g}-{i}", str(g), "malignant" if g % 3 else "benign") for g in range(200) for i in range(2)]
    learn, held = hold_out(cases, 0.08, seed=0)
    assert len(learn) + len(held) == 400
    assert not {c.group for c in learn} & {c.group for c in held}
    assert len(held) == 32


def test_the_held_part_does_not_move_when_another_data_set_is_added() -> None:
    cases = [case(str(g), str(g)) for g in range(100)]
    more = [case(f"b{g}", str(g), dataset="breast") for g in range(50)]
    assert {c.image for c in hold_out(cases, 0.1, 0)[1]} <= {c.image for c in hold_out(cases + more, 0.1, 0)[1]}


def test_groups_of_the_given_split_do_not_cross() -> None:
    if not (DATA / "cases.csv").exists():
        pytest.skip(f"no cases.csv in {DATA}; set PEONY_DATA")
    cases = read_cases(DATA)
    train, val = ({c.group for c in cases if c.split == split} for split in ("train", "val"))
    assert train and val and not train & val


@pytest.mark.parametrize("seed", range(40))
def test_a_view_says_lesion_only_where_its_mask_shows_one(seed: int) -> None:
    view = random_view(source_with_box((100, 90, 150, 140)), np.random.default_rng(seed))
    assert view.luma.shape == view.mask.shape == (CANVAS, CANVAS)
    pixels = int((view.mask > 127).sum())
    assert view.lesion in (1, 0, -1)
    assert (pixels >= 80) if view.lesion == 1 else (view.lesion == -1 or pixels <= 4)


def test_a_view_of_a_normal_never_says_lesion() -> None:
    assert all(random_view(source_with_box(None), np.random.default_rng(s)).lesion == 0 for s in range(40))


def test_the_same_seed_gives_the_same_view() -> None:
    first, second = (random_view(source_with_box((60, 60, 90, 90)), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.luma, second.luma) and np.array_equal(first.mask, second.mask)


def test_a_lesion_free_window_keeps_clear_of_the_lesion() -> None:
    mask = source_with_box((10, 80, 90, 170)).mask
    windows = [lesion_free_window(mask, np.random.default_rng(s)) for s in range(30)]
    found = [w for w in windows if w]
    assert found
    for w in found:
        half = CANVAS / w.zoom / 2
        assert not (mask[int(w.y - half) : int(w.y + half), int(w.x - half) : int(w.x + half)] > 127).any()


def test_marks_are_drawn_on_normals_as_on_lesions() -> None:
    """No shortcut: the share of pictures that marks change is the same with and without a lesion."""

    def changed(box: tuple[int, int, int, int] | None) -> float:
        source = source_with_box(box)
        count = 0
        for seed in range(200):
            luma = Image.fromarray(source.luma.copy())
            draw_marks(luma, Image.fromarray(source.mask), np.random.default_rng(seed))
            count += not np.array_equal(np.asarray(luma), source.luma)
        return count / 200

    assert abs(changed((100, 90, 150, 140)) - changed(None)) < 0.05
