"""The network's shapes and cost, and what folding and the teacher's weights must not change."""

import copy

import pytest
import torch
from torch import nn

from peony_training.net import CHANNELS, MAPS, Exported, PeonyUs, count_gflop, fold, pool_by_mask
from peony_training.teacher import Teacher, imagenet_weights, load_imagenet


@pytest.fixture(scope="module")
def net() -> PeonyUs:
    """An untrained net whose normalisation has seen data, so that folding has something to get wrong."""
    torch.manual_seed(3)
    net = PeonyUs()
    for _ in range(3):
        net(torch.rand(4, 1, 256, 256))
    return net.eval()


@torch.no_grad()
def test_a_folded_net_says_the_same(net: PeonyUs) -> None:
    luma, state = torch.rand(2, 1, 256, 256), torch.randn(2, *PeonyUs.STATE)
    folded = fold(copy.deepcopy(net))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    for ours, theirs in zip(net(luma, state), folded(luma, state), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("memory", [True, False])
def test_a_frame_costs_at_most_one_and_a_half_gflop(memory: bool) -> None:
    assert 0.5 < count_gflop(PeonyUs(memory)) <= 1.5


@torch.no_grad()
def test_what_is_exported_has_the_channels_of_the_card(net: PeonyUs) -> None:
    mask, maps, embedding, frame, state = Exported(net)(torch.rand(1, 1, 256, 256))
    assert mask.shape == (1, len(CHANNELS["mask"]), 128, 128)
    assert maps.shape == (1, len(CHANNELS["maps"]), 32, 32) and sum(MAPS) == len(CHANNELS["maps"])
    assert embedding.shape == (1, 16, 32, 32)
    assert frame.shape == (1, len(CHANNELS["frame"]))
    assert state.shape == (1, *PeonyUs.STATE)


@torch.no_grad()
def test_calibration_moves_malignancy_alone_and_keeps_its_mean(net: PeonyUs) -> None:
    luma, weight = torch.rand(1, 1, 256, 256), torch.rand(1, 1, 32, 32)
    _, plain, *_ = Exported(net)(luma)
    _, moved, *_ = Exported(net, slope=0.7, offset=-0.4, steps=0.2)(luma)
    others = [i for i, name in enumerate(CHANNELS["maps"]) if name != "malignancy"]
    assert torch.equal(plain[:, others], moved[:, others])
    before, after = pool_by_mask(plain, weight)[0], pool_by_mask(moved, weight)[0]
    assert after[1] == pytest.approx(float(0.7 * before[1] - 0.4 + 0.2 * before[2:7].mean()), abs=1e-4)


def test_no_mask_pools_to_the_plain_mean() -> None:
    maps = torch.randn(1, 3, 32, 32)
    assert torch.allclose(pool_by_mask(maps, torch.zeros(1, 1, 32, 32)), maps.mean((2, 3)), atol=1e-5)


@torch.no_grad()
def test_the_teacher_begins_with_imagenet() -> None:
    teacher = Teacher().eval()
    given = [v for v in torch.load(imagenet_weights(), weights_only=True).values() if v.ndim == 4]
    own = [v for v in teacher.body.state_dict().values() if v.ndim == 4]
    assert torch.equal(own[0], given[0].sum(1, keepdim=True))
    assert all(torch.equal(a, b) for a, b in zip(own[1:], given[1:], strict=False))
    answers = teacher(torch.rand(1, 1, 96, 96))
    assert answers.mask.shape == (1, 2, 48, 48)
    maps = (answers.lesion_map, answers.malignancy_map, answers.birads_map, answers.descriptor_map)
    assert tuple(part.shape[1] for part in maps) == MAPS and answers.lesion_map.shape[2:] == (12, 12)


def test_weights_of_another_shape_are_refused() -> None:
    body = Teacher(pretrained=False).body
    first = next(module for module in body.modules() if isinstance(module, nn.Conv2d))
    first.weight = nn.Parameter(torch.zeros(32, 1, 5, 5))
    with pytest.raises(ValueError, match=r"\(32, 1, 5, 5\) wanted, \(32, 1, 3, 3\) given"):
        load_imagenet(body)
