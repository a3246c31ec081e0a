"""What a random view may and may not change."""

import numpy as np
import pytest
import torch
from conftest import BOXES, lesion_mask
from torch import Tensor

from peony_training import batches
from peony_training.batches import Batch, Shelf, clips, epoch_order, fade, frames_of, paste, stills
from peony_training.lexicon import UNKNOWN
from peony_training.net import PeonyUs
from peony_training.preprocess import CANVAS
from peony_training.views import (
    COARSE,
    Marks,
    Outlook,
    Random,
    cut,
    lay_calipers,
    lesion_free_window,
    random_window,
    sampling_grid,
)

LESIONS = list(range(12))


def draws(seed: int) -> tuple[np.random.Generator, torch.Generator]:
    return np.random.default_rng(seed), torch.Generator().manual_seed(seed)


def outlook(box: tuple[float, float, float, float]) -> Outlook:
    return Outlook(lesion_mask(box).reshape(COARSE, 4, COARSE, 4).max((1, 3)) > 20)


@pytest.mark.parametrize("box", BOXES)
def test_a_lesion_free_window_shows_nothing_of_the_mask(box: tuple[float, float, float, float]) -> None:
    mask = torch.from_numpy(lesion_mask(box))[None, None]
    windows = [lesion_free_window(outlook(box), np.random.default_rng(seed)) for seed in range(30)]
    found = [window for window in windows if window]
    assert found
    for window in found:
        seen = cut(mask, sampling_grid([window], None, CANVAS, mask.device))
        assert float(seen.max()) == 0.0


def test_closer_looks_are_taken_with_and_without_a_lesion() -> None:
    """No zoom may mean 'normal'."""

    def mean_zoom(where: Outlook) -> float:
        rng = np.random.default_rng(0)
        return float(np.mean([random_window(where, rng, lesion_free=0.0).zoom for _ in range(2000)]))

    assert abs(mean_zoom(outlook(BOXES[3])) - mean_zoom(Outlook(np.zeros((COARSE, COARSE), bool)))) < 0.05


def equal(a: Batch, b: Batch) -> bool:
    pairs = [(getattr(a, name), getattr(b, name)) for name in ("luma", "masks", "told", "lesion")]
    return all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.parametrize("make", ["stills", "clips"])
def test_the_same_seeds_give_the_same_batch(shelf: Shelf, make: str) -> None:
    def batch(seed: int) -> Batch:
        rng, generator = draws(seed)
        chosen = [0, 3, 12, 15, 17]
        if make == "stills":
            return stills(shelf, chosen, CANVAS, rng, generator)
        return clips(shelf, chosen, 3, CANVAS, rng, generator)

    assert equal(batch(5), batch(5))
    assert not torch.equal(batch(5).luma, batch(6).luma)


def test_a_view_says_lesion_only_where_its_mask_shows_one(shelf: Shelf) -> None:
    rng, generator = draws(1)
    for _ in range(6):
        batch = stills(shelf, [*LESIONS, 12, 13], CANVAS, rng, generator)
        pixels = batch.masks.gt(0.5).sum((1, 2, 3))
        assert (pixels[batch.lesion == 1] >= 60).all()
        assert (pixels[batch.lesion == 0] <= 4).all()


def test_marks_are_laid_with_and_without_a_lesion_alike() -> None:
    """No shortcut: the share of pictures that marks change is the same, whatever the mask."""
    n = 400
    luma = torch.full((n, 1, CANVAS, CANVAS), 0.3)
    sheets = Marks(CANVAS, 0, luma.device)

    def changed(mask: Tensor) -> float:
        draw = Random(n, torch.Generator().manual_seed(2))
        shown = lay_calipers(sheets.lay(luma, draw), mask, draw)
        return float((shown != luma).flatten(1).any(1).float().mean())

    lesion = torch.from_numpy(lesion_mask(BOXES[0], CANVAS))[None, None].float().div(255.0).expand(n, -1, -1, -1)
    assert changed(lesion) == pytest.approx(changed(torch.zeros_like(lesion)), abs=0.01)


def test_calipers_lie_on_lesions_sometimes_and_elsewhere_too() -> None:
    n = 300
    luma = torch.full((n, 1, CANVAS, CANVAS), 0.3)
    mask = torch.from_numpy(lesion_mask(BOXES[0], CANVAS))[None, None].float().div(255.0).expand(n, -1, -1, -1)
    shown = lay_calipers(luma, mask, Random(n, torch.Generator().manual_seed(4)))
    left, right = int(0.35 * CANVAS), int(0.57 * CANVAS)
    touched = (shown != luma)[:, 0].any(1)
    marked = touched.any(1)
    at_lesion = touched[:, left - 1 : left + 2].any(1) & touched[:, right - 1 : right + 2].any(1)
    assert 0.1 < float(at_lesion[marked].float().mean()) < 0.7


def test_pasted_lesions_meet_no_other_and_carry_their_labels(shelf: Shelf) -> None:
    count = 0
    for seed in range(12):
        rng, generator = draws(seed)
        batch = stills(shelf, LESIONS, CANVAS, rng, generator)
        own, pasted = batch.masks[:, 0], batch.masks[:, 1]
        has = pasted.amax((1, 2)) > 0.5
        count += int(has.sum())
        assert float((own * pasted).sum()) <= 0.02 * float(pasted.sum()) + 1e-3
        guests = batch.own.map(lambda values: values.roll(1, 0))
        assert torch.equal(batch.pasted.malignant[has], guests.malignant[has])
        assert torch.equal(batch.pasted.steps[has], guests.steps[has])
    assert count >= 4


def test_nothing_is_pasted_where_no_label_says_so(shelf: Shelf) -> None:
    index = torch.tensor(LESIONS)
    own = shelf.labels_at(index)
    luma, mask = shelf.luma[index].float() / 255.0, shelf.mask[index][:, :, ::1, ::1].float() / 255.0
    mask = torch.nn.functional.interpolate(mask, size=(CANVAS, CANVAS))
    draw = Random(len(LESIONS), torch.Generator().manual_seed(1))
    _, masks, _, pasted = paste(luma, mask, mask.expand(-1, 2, -1, -1), own, draw)
    without = masks[:, 1].amax((1, 2)) == 0
    assert without.any() and (~without).any()
    assert (pasted.malignant[without] == UNKNOWN).all() and (pasted.steps[without] == UNKNOWN).all()
    assert (pasted.malignant[~without] >= 0).all()


def test_a_picture_bent_into_a_fan_holds_no_lesion(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown as no breast; once a lesion was pasted into it all the same."""
    monkeypatch.setattr(batches, "PASTE_SHARE", 1.0)
    bent = 0
    for seed in range(25):
        rng, generator = draws(seed)
        batch = stills(shelf, LESIONS, CANVAS, rng, generator)
        outside = batch.own.breast == 0
        bent += int(outside.sum())
        assert float(batch.masks[outside].sum()) == 0.0
        assert (batch.lesion[outside] == 0).all()
    assert bent > 0


def faded(box: tuple[float, float, float, float], *presence: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A dark lesion in bright tissue, so far out of the plane: (share of it still dark, mask, told masks, label)."""
    mask = torch.from_numpy(lesion_mask(box, CANVAS))[None, None].float().div(255.0).expand(len(presence), -1, -1, -1)
    luma = torch.where(mask > 0.5, 0.1, 0.8)
    there = torch.tensor(presence)[:, None, None, None]
    shown, left, told, lesion = fade(luma, mask, mask.expand(-1, 2, -1, -1), there, CANVAS // 3)
    return ((shown < 0.3) * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)), left, told, lesion


@pytest.mark.parametrize("box", BOXES)
def test_a_lesion_out_of_the_plane_is_neither_seen_nor_marked(box: tuple[float, float, float, float]) -> None:
    """Once only its edge went, and most of it was shown under the label 'no lesion'."""
    seen, left, told, lesion = faded(box, 1.0, 0.6, 0.4, 0.25, 0.1)
    area = left.sum((1, 2, 3)) / left[0].sum()
    assert lesion.tolist() == [1.0, 1.0, UNKNOWN, 0.0, 0.0]
    assert seen[0] > 0.99 and area[0] == 1.0
    assert area[0] > area[1] > area[2] > area[3] == area[4] == 0.0
    assert torch.allclose(seen, area, atol=0.15) and seen[3:].max() == 0.0
    assert float(told[3:].sum()) == 0.0


def test_a_lesion_too_wide_to_be_replaced_stays() -> None:
    seen, left, _, lesion = faded((0.1, 0.3, 0.8, 0.4), 0.1)
    assert seen > 0.99 and lesion.tolist() == [1.0] and float(left.sum()) > 0


def test_clips_show_no_mask_where_they_say_no_lesion(shelf: Shelf) -> None:
    rng, generator = draws(3)
    batch = clips(shelf, LESIONS, 5, CANVAS, rng, generator)
    assert batch.luma.shape == (60, 1, CANVAS, CANVAS) and batch.masks.shape == (60, 2, CANVAS, CANVAS)
    share = batch.masks.gt(0.5).float().mean((1, 2, 3))
    assert (batch.lesion == 0).any() and (batch.lesion == 1).any()
    assert float(share[batch.lesion == 0].max()) <= 6e-5
    assert float(share[batch.lesion == 1].min()) > 0.0008


def test_marks_stay_through_a_clip_and_change_from_batch_to_batch(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once every batch of an epoch had the same marks in the same places."""
    written: list[Tensor] = []

    def note(_shelf: Shelf, luma: Tensor, _mask: Tensor, draw: Random) -> Tensor:
        written.append(draw.uniform())
        return luma

    monkeypatch.setattr(batches, "burn_in", note)
    rng, generator = draws(0)
    for _ in range(2):
        clips(shelf, [0, 1], 2, CANVAS, rng, generator)
    first, again, other, _ = written
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_burst_runs_there_and_back(shelf: Shelf) -> None:
    assert frames_of(shelf, 15, 6) == [14, 15, 16, 15, 14, 15]
    assert frames_of(shelf, 3, 3) == [3, 3, 3]


def test_the_memory_of_a_clip_goes_from_frame_to_frame(shelf: Shelf) -> None:
    rng, generator = draws(0)
    batch = clips(shelf, [0, 15], 3, CANVAS, rng, generator)
    net, state = PeonyUs(memory=True).eval(), None
    with torch.no_grad():
        for luma in batch.luma.split(2):
            before, state = state, net(luma, state).state
            assert state.shape == (2, *PeonyUs.STATE)
            assert before is None or not torch.equal(before, state)


def test_an_epoch_shows_every_real_picture_and_rare_ones_more(shelf: Shelf) -> None:
    order = epoch_order(shelf, list(range(len(shelf.cases))), np.random.default_rng(0))
    counts = np.bincount(order, minlength=len(shelf.cases))
    assert (counts[:12] == 1).all() and (counts[12:14] == 3).all()
    assert counts[14:17].sum() == int(0.12 * 18) and counts[17:].sum() == int(0.07 * 20)
