"""What is not known teaches nothing."""

from dataclasses import replace

import pytest
import torch
from conftest import BOXES, lesion_mask
from torch import Tensor

from peony_training.batches import TOLD, Batch, Labels
from peony_training.lexicon import DESCRIPTORS, STEPS, TISSUE
from peony_training.losses import WEIGHTS, cores, known_cross_entropy, label_losses, taught_losses, weighted
from peony_training.net import EMBEDDING, MAPS, Answers, PeonyUs
from peony_training.preprocess import CANVAS

N = 3


def labels(value: float) -> Labels:
    sizes = {"malignant": (), "steps": (len(STEPS),), "descriptors": (len(DESCRIPTORS),), "tissue": (len(TISSUE),)}
    known = {name: torch.full((N, *size), value) for name, size in sizes.items()}
    return Labels(**known, breast=torch.full((N,), value), told=torch.zeros(N, TOLD))


def batch(known: float, lesion: float, seen: bool = True) -> Batch:
    mask = torch.from_numpy(lesion_mask(BOXES[0] if seen else None, CANVAS)).float().div(255.0).expand(N, 1, -1, -1)
    masks = torch.cat([mask, torch.zeros_like(mask)], 1)
    return Batch(torch.zeros_like(mask), masks, masks, torch.full((N,), lesion), labels(known), labels(-1.0))


def answers() -> Answers:
    torch.manual_seed(0)
    maps = [torch.randn(N, channels, 32, 32) for channels in MAPS]
    frame = [torch.randn(N), torch.randn(N), torch.randn(N, len(TISSUE))]
    made = [
        torch.randn(N, 2, 128, 128),
        *maps,
        torch.randn(N, EMBEDDING, 32, 32),
        *frame,
        torch.zeros(N, *PeonyUs.STATE),
    ]
    return Answers(*(part.requires_grad_() for part in made))


def gradients(losses: dict[str, Tensor], said: Answers) -> dict[str, float]:
    weighted(losses, dict.fromkeys(losses, 1.0)).backward()
    return {name: 0.0 if part.grad is None else float(part.grad.abs().sum()) for name, part in said._asdict().items()}


def test_unknown_labels_give_no_gradient() -> None:
    said = answers()
    moved = gradients(label_losses(said, batch(known=-1.0, lesion=-1.0)), said)
    assert {name for name, size in moved.items() if size > 0} == {"mask"}


def test_known_labels_move_every_answer() -> None:
    said = answers()
    moved = gradients(label_losses(said, batch(known=1.0, lesion=1.0)), said)
    assert {name for name, size in moved.items() if size == 0} == {"embedding", "state"}


def test_a_lesion_out_of_view_is_not_graded() -> None:
    said = answers()
    moved = gradients(label_losses(said, batch(known=1.0, lesion=0.0, seen=False)), said)
    for name in ("malignancy_map", "birads_map", "descriptor_map"):
        assert moved[name] == 0.0
    assert moved["lesion"] > 0 and moved["lesion_map"] > 0


def test_a_teacher_says_nothing_of_a_lesion_that_is_not_there() -> None:
    said = answers()
    moved = gradients(taught_losses(said, batch(known=1.0, lesion=0.0, seen=False)), said)
    assert {name for name, size in moved.items() if size > 0} == {"mask"}


def test_unknown_labels_do_not_thin_out_the_known() -> None:
    logits, wanted = torch.tensor([0.3, -1.0, 2.0]), torch.tensor([1.0, 0.0, -1.0])
    assert known_cross_entropy(logits, wanted) == pytest.approx(float(known_cross_entropy(logits[:2], wanted[:2])))


def test_two_lesions_that_touch_have_two_cores() -> None:
    masks = torch.zeros(1, 2, 128, 128)
    masks[0, 0, 40:80, 20:60] = 1.0
    masks[0, 1, 40:80, 60:100] = 1.0
    inner = cores(masks)[0, 0]
    assert inner[60, 40] == inner[60, 80] == 1.0
    assert not inner[:, 59:61].any()
    speck = torch.zeros(1, 2, 128, 128)
    speck[0, 0, 10:12, 10:12] = 1.0
    assert torch.equal(cores(speck), speck[:, :1])


def test_every_loss_has_a_weight() -> None:
    assert label_losses(answers(), replace(batch(1.0, 1.0))).keys() == WEIGHTS.keys()
