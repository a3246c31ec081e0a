"""The network of `peony-us`: a narrow residual U-Net of dense 3×3 convolutions with three answers.

Dense narrow convolutions, because every engine runs them three to four times faster per operation than depthwise ones.
Batch normalisation is folded into the convolutions at export.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Mean and deviation of the training pictures' grey levels in 0..1; inside the graph, so that callers need not know.
MEAN, DEVIATION = 0.25, 0.2
CELL = 8


class Answers(NamedTuple):
    """Logits as the losses want them."""

    mask: Tensor  # [n, 1, 128, 128], half the input's resolution
    malignancy_map: Tensor  # [n, 1, 32, 32]
    birads_map: Tensor  # [n, 3, 32, 32]: BI-RADS ≥3, ≥4, ≥5; a teacher during training, not exported
    lesion: Tensor  # [n]


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
        """Fold the normalisation into the convolution; the module must be in eval mode."""
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


class PeonyUs(nn.Module):
    """Luma [n, 1, 256, 256] in 0..1 → `Answers`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvBn(1, 16, 5, 2)
        self.at64 = nn.Sequential(ConvBn(16, 32, 3, 2), Residual(32, depth=1))
        self.at32 = nn.Sequential(ConvBn(32, 64, 3, 2), Residual(64))
        self.at16 = nn.Sequential(ConvBn(64, 128, 3, 2), Residual(128))
        self.at8 = nn.Sequential(ConvBn(128, 192, 3, 2), Residual(192))
        self.rise16 = Rise(192, 128, 128)
        self.rise32 = Rise(128, 64, 64)
        self.rise64 = Rise(64, 32, 32)
        # Four logits a cell, laid out as 2×2: a stage at 128×128 would be narrow, and narrow stages are slow.
        self.mask_head = nn.Conv2d(32, 4, 1)
        self.malignancy_trunk = ConvBn(64, 32)
        self.malignancy_drop = nn.Dropout2d(0.2)
        self.malignancy_head = nn.Conv2d(32, 1, 1)
        self.birads_head = nn.Conv2d(32, 3, 1)
        self.lesion_trunk = ConvBn(128, 32)
        self.lesion_drop = nn.Dropout(0.2)
        self.lesion_head = nn.Conv2d(64, 1, 1)

    def forward(self, luma: Tensor) -> Answers:
        s4 = self.at64(self.stem((luma - MEAN) * (1.0 / DEVIATION)))
        s8 = self.at32(s4)
        s16 = self.at16(s8)
        d16 = self.rise16(self.at8(s16), s16)
        d8 = self.rise32(d16, s8)
        d4 = self.rise64(d8, s4)
        grade = self.malignancy_drop(self.malignancy_trunk(d8))
        tissue = self.lesion_trunk(d16)
        # The strongest place tells of a small lesion, the mean of the tissue around it.
        pooled = torch.cat([F.max_pool2d(tissue, 16), tissue.mean((2, 3), keepdim=True)], 1)
        return Answers(
            mask=F.pixel_shuffle(self.mask_head(d4), 2),
            malignancy_map=self.malignancy_head(grade),
            birads_map=self.birads_head(grade),
            lesion=self.lesion_head(self.lesion_drop(pooled)).reshape(-1),
        )


def pool_by_mask(logit_map: Tensor, weight: Tensor) -> Tensor:
    """Mean of a logit map [n, c, 32, 32] weighted by [n, 1, 32, 32] → [n, c].

    A ten-thousandth of plain mean keeps the answer defined where no mask is.
    """
    weight = weight + 1e-4
    return (logit_map * weight).sum((2, 3)) / weight.sum((2, 3))


class Exported(nn.Module):
    """The network as the program calls it: probabilities out, as the contract of the card names them.

    `slope` and `offset` calibrate the logits of malignancy. They act on every cell, and a weighted mean keeps them:
    a finding's mean over the map is calibrated just as the frame's is.
    """

    def __init__(self, net: PeonyUs, slope: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.net = net
        self.slope = slope
        self.offset = offset
        # The mean over a cell as a convolution: one operator fewer for engines to know.
        self.register_buffer("cell_mean", torch.full((1, 1, CELL // 2, CELL // 2), (2.0 / CELL) ** 2))

    def forward(self, luma: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        answers = self.net(luma)
        mask = torch.sigmoid(answers.mask)
        weight = F.conv2d(mask, self.cell_mean, stride=CELL // 2)
        logits = answers.malignancy_map * self.slope + self.offset
        malignancy = torch.sigmoid(pool_by_mask(logits, weight)).reshape(-1)
        return mask, logits, torch.sigmoid(answers.lesion), malignancy


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
