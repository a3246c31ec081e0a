"""What the network is taught: one loss an answer, each masked where the label is not known."""

import torch
import torch.nn.functional as F
from torch import Tensor

from peony_training.net import CELL, Answers, pool_by_mask

# Two of three lesions of the training part are benign: a malignant one counts this much more.
MALIGNANT_WEIGHT = 1.6
WEIGHTS = {"mask": 1.0, "lesion": 0.3, "malignancy": 0.5, "birads": 0.25}
SMOOTHING = 0.05


def mask_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of every pixel, and Dice of each picture that has a lesion in view."""
    cross_entropy = F.binary_cross_entropy_with_logits(logits, mask)
    probability = torch.sigmoid(logits)
    overlap = (probability * mask).sum((1, 2, 3))
    total = (probability + mask).sum((1, 2, 3))
    present = mask.amax((1, 2, 3)) > 0.5
    dice = 1.0 - (2.0 * overlap + 1.0) / (total + 1.0)
    return cross_entropy + (dice * present).sum() / present.sum().clamp(min=1)


def masked_cross_entropy(logits: Tensor, labels: Tensor, positive_weight: float = 1.0) -> Tensor:
    """Binary cross-entropy, labels below 0 left out, smoothed; the mean over those that count."""
    known = (labels >= 0).float()
    smooth = labels.clamp(min=0) * (1.0 - SMOOTHING) + 0.5 * SMOOTHING
    weight = known * torch.where(labels > 0, positive_weight, 1.0)
    each = F.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1.0)


def total_loss(answers: Answers, mask: Tensor, lesion: Tensor, malignant: Tensor, birads: Tensor) -> dict[str, Tensor]:
    """Losses by name, and their weighted sum as `total`.

    `mask` is [n, 1, 256, 256] in 0..1; `lesion` and `malignant` are 1, 0 or -1 (unknown); `birads` is 0..3 or -1.
    """
    half = F.avg_pool2d(mask, 2)
    true_cells = F.avg_pool2d(mask, CELL)
    own_cells = F.avg_pool2d(torch.sigmoid(answers.mask.detach()), CELL // 2)
    labels = torch.where(lesion == 1, malignant, -1.0)
    malignancy = sum(
        masked_cross_entropy(pool_by_mask(answers.malignancy_map, cells).squeeze(1), labels, MALIGNANT_WEIGHT)
        for cells in (true_cells, own_cells)
    )
    steps = torch.arange(3, dtype=birads.dtype)
    reached = torch.where((birads >= 0) & (lesion == 1), 1.0, 0.0)[:, None] * ((birads[:, None] > steps) + 1.0) - 1.0
    losses = {
        "mask": mask_loss(answers.mask, half),
        "lesion": masked_cross_entropy(answers.lesion, lesion),
        "malignancy": 0.5 * malignancy,
        "birads": masked_cross_entropy(pool_by_mask(answers.birads_map, true_cells), reached),
    }
    losses["total"] = sum(WEIGHTS[name] * loss for name, loss in losses.items())
    return losses
