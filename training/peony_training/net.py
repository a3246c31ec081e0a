"""The network of `peony-us`: a narrow residual U-Net of dense 3×3 convolutions with a memory and several answers.

Dense narrow convolutions, because every engine runs them three to four times faster per operation than depthwise ones.
Batch normalisation is folded into the convolutions at export.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from peony_training.lexicon import DESCRIPTORS, STEPS, TISSUE

# Mean and deviation of the training pictures' grey levels in 0..1; inside the graph, so that callers need not know.
MEAN, DEVIATION = 0.25, 0.2
# Channels of the maps: lesion, malignancy, BI-RADS steps, descriptors. Answers for the frame: lesion, domain, tissue.
MAPS = (1, 1, len(STEPS), len(DESCRIPTORS))
FRAME = (1, 1, len(TISSUE))
EMBEDDING = 16
# The channels of what `Exported` gives, as the card names them.
CHANNELS = {
    "mask": ("lesion", "core"),
    "maps": ("lesion", "malignancy", *(f"birads_{step}" for step in STEPS), *DESCRIPTORS),
    "frame": ("lesion", "breast", *TISSUE),
}


class Answers(NamedTuple):
    """Logits as the losses want them, and what the next frame is told."""

    mask: Tensor  # [n, 2, 128, 128], half the input's resolution: the lesion, and its core, which no neighbour touches
    lesion_map: Tensor  # [n, 1, 32, 32]: what the mask marks here is a lesion
    malignancy_map: Tensor  # [n, 1, 32, 32]
    birads_map: Tensor  # [n, 5, 32, 32]: BI-RADS ≥3, ≥4A, ≥4B, ≥4C, ≥5
    descriptor_map: Tensor  # [n, 18, 32, 32], in the order of `lexicon.DESCRIPTORS`
    embedding: Tensor  # [n, 16, 32, 32]: alike for one lesion from frame to frame
    lesion: Tensor  # [n]: a lesion is somewhere
    domain: Tensor  # [n]: this is a B-mode picture of a breast
    tissue: Tensor  # [n, 2], in the order of `lexicon.TISSUE`
    state: Tensor  # [n, 32, 32, 32]


class ConvBn(nn.Module):
    """Convolution, batch normalisation and, unless told otherwise, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, relu: bool = True) -> None:
        super().__init__()
        self.conv: nn.Module = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return F.relu(x) if self.relu else x

    def fold(self) -> None:
        """Fold the normalisation into the convolution, if that was not done; the module must be in eval mode."""
        if isinstance(self.bn, nn.Identity):
            return
        self.conv = fuse_conv_bn_eval(self.conv, self.bn)
        self.bn = nn.Identity()


class Residual(nn.Module):
    """x + `depth` 3×3 convolutions of x, then ReLU."""

    def __init__(self, channels: int, depth: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(*(ConvBn(channels, channels, relu=i + 1 < depth) for i in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class Rise(nn.Module):
    """One step up: narrow the deep features, double their size, add the skip, mix with one 3×3 convolution."""

    def __init__(self, deep: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow = ConvBn(deep, outputs, 1, relu=False)
        self.lateral = ConvBn(skip, outputs, 1, relu=False)
        self.mix = Residual(outputs, depth=1)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        up = F.interpolate(self.narrow(deep), scale_factor=2.0, mode="nearest")
        return self.mix(F.relu(up + self.lateral(skip)))


class Memory(nn.Module):
    """What the past frames taught, a cell at a time: a convolutional GRU with one gate.

    The gate keeps the old or takes the new. Zeros are the memory of a first frame.
    """

    def __init__(self, features: int, kept: int) -> None:
        super().__init__()
        self.kept = kept
        self.new = ConvBn(features, kept)
        self.gate = nn.Conv2d(2 * kept, kept, 3, padding=1)
        self.told = ConvBn(kept, features, 1, relu=False)

    def forward(self, features: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = self.new(features)
        keep = torch.sigmoid(self.gate(torch.cat([new, state], 1)))
        state = new + keep * (state - new)
        return F.relu(features + self.told(state)), state


class PeonyUs(nn.Module):
    """Luma [n, 1, 256, 256] in 0..1 and the state left by the frame before → `Answers`."""

    STATE = (32, 32, 32)

    def __init__(self, memory: bool = True) -> None:
        super().__init__()
        self.stem = ConvBn(1, 16, 5, 2)
        self.at64 = nn.Sequential(ConvBn(16, 32, 3, 2), Residual(32, depth=1))
        self.at32 = nn.Sequential(ConvBn(32, 64, 3, 2), Residual(64))
        self.at16 = nn.Sequential(ConvBn(64, 112, 3, 2), Residual(112))
        self.at8 = nn.Sequential(ConvBn(112, 160, 3, 2), Residual(160))
        self.rise16 = Rise(160, 112, 112)
        self.rise32 = Rise(112, 64, 64)
        self.memory = Memory(64, self.STATE[0]) if memory else None
        self.rise64 = Rise(64, 32, 32)
        # Four logits a cell, laid out as 2×2: a stage at 128×128 would be narrow, and narrow stages are slow.
        self.mask_head = nn.Conv2d(32, 8, 1)
        self.grade_trunk = ConvBn(64, 64)
        self.grade_drop = nn.Dropout2d(0.2)
        self.grade_head = nn.Conv2d(64, sum(MAPS), 1)
        self.embedding_head = nn.Conv2d(64, EMBEDDING, 1)
        self.frame_trunk = ConvBn(112, 48)
        self.frame_drop = nn.Dropout(0.2)
        self.frame_head = nn.Conv2d(96, sum(FRAME), 1)

    def forward(self, luma: Tensor, state: Tensor | None = None) -> Answers:
        if state is None:
            state = luma.new_zeros(luma.shape[0], *self.STATE)
        s4 = self.at64(self.stem((luma - MEAN) * (1.0 / DEVIATION)))
        s8 = self.at32(s4)
        s16 = self.at16(s8)
        d16 = self.rise16(self.at8(s16), s16)
        d8 = self.rise32(d16, s8)
        if self.memory is not None:
            d8, state = self.memory(d8, state)
        d4 = self.rise64(d8, s4)
        grade = self.grade_drop(self.grade_trunk(d8))
        lesion_map, malignancy_map, birads_map, descriptor_map = self.grade_head(grade).split(MAPS, 1)
        tissue = self.frame_trunk(d16)
        # The strongest place tells of a small lesion, the mean of the tissue around it.
        pooled = torch.cat([F.max_pool2d(tissue, 16), tissue.mean((2, 3), keepdim=True)], 1)
        frame = self.frame_head(self.frame_drop(pooled)).flatten(1)
        return Answers(
            mask=F.pixel_shuffle(self.mask_head(d4), 2),
            lesion_map=lesion_map,
            malignancy_map=malignancy_map,
            birads_map=birads_map,
            descriptor_map=descriptor_map,
            embedding=self.embedding_head(grade),
            lesion=frame[:, 0],
            domain=frame[:, 1],
            tissue=frame[:, 2:],
            state=state,
        )


def pool_by_mask(logit_map: Tensor, weight: Tensor) -> Tensor:
    """Mean of a logit map [n, c, 32, 32] weighted by [n, 1, 32, 32] → [n, c].

    A ten-thousandth of plain mean keeps the answer defined where no mask is.
    """
    weight = weight + 1e-4
    return (logit_map * weight).sum((2, 3)) / weight.sum((2, 3))


class Exported(nn.Module):
    """The network as the program calls it, in the tensors that the card names, channels as in `CHANNELS`.

    Calibrated malignancy is `slope` times its logit, plus `steps` times the mean of the BI-RADS logits, plus `offset`.
    That acts on every cell, and a weighted mean keeps it: a finding's mean over the map is calibrated just as the
    frame's is. Without memory the state is neither taken nor given.
    """

    def __init__(self, net: PeonyUs, slope: float = 1.0, offset: float = 0.0, steps: float = 0.0) -> None:
        super().__init__()
        self.net = net
        self.slope, self.offset, self.steps = slope, offset, steps

    def forward(self, luma: Tensor, state: Tensor | None = None) -> tuple[Tensor, ...]:
        answers = self.net(luma, state)
        malignancy = answers.malignancy_map * self.slope + self.offset
        if self.steps:
            malignancy = malignancy + answers.birads_map.mean(1, keepdim=True) * self.steps
        maps = torch.cat([answers.lesion_map, malignancy, answers.birads_map, answers.descriptor_map], 1)
        frame = torch.cat([answers.lesion[:, None], answers.domain[:, None], answers.tissue], 1)
        outputs = (torch.sigmoid(answers.mask), maps, answers.embedding, torch.sigmoid(frame))
        return (*outputs, answers.state) if self.net.memory is not None else outputs


def fold(net: PeonyUs) -> PeonyUs:
    """Fold every batch normalisation in place and return the net, in eval mode."""
    net.eval()
    for module in net.modules():
        if isinstance(module, ConvBn):
            module.fold()
    return net


def count_gflop(net: PeonyUs) -> float:
    """10⁹ operations a frame (1 MAC = 2 FLOP) in convolutions, measured on a 256×256 input."""
    total = 0

    def add(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += 2 * output[0].numel() * module.weight[0].numel()

    hooks = [m.register_forward_hook(add) for m in net.modules() if isinstance(m, nn.Conv2d)]
    training = net.training
    with torch.no_grad():
        net.eval()(torch.zeros(1, 1, 256, 256))
    net.train(training)
    for hook in hooks:
        hook.remove()
    return total / 1e9
