"""What the networks are taught: one loss an answer, left out where the label is not known, and the teacher's word."""

import torch
import torch.nn.functional as F
from torch import Tensor

from peony_training.batches import Batch, Labels
from peony_training.lexicon import DESCRIPTORS, STEPS
from peony_training.net import Answers, pool_by_mask

# Two of three lesions of the training part are benign: a malignant one counts this much more.
MALIGNANT_WEIGHT = 1.6
WEIGHTS = {
    "mask": 1.0,
    "core": 0.5,
    "lesion": 0.3,
    "lesion_map": 0.3,
    "malignancy": 0.5,
    "steps": 0.3,
    "descriptors": 0.15,
    "domain": 0.2,
    "tissue": 0.05,
}
SMOOTHING = 0.05
# Answers about one lesion, as `Labels.told` has them.
LESION = (1, len(STEPS), len(DESCRIPTORS))
# The weight of the teacher's answers against the labels'.
TAUGHT = {"mask": 1.5, "malignancy": 1.5, "steps": 0.5, "descriptors": 0.3}


def cores(masks: Tensor) -> Tensor:
    """[n, 2, h, w] → [n, 1, h, w]: the inner part of each lesion, so that two that touch stay two."""
    reach = max(3, 2 * round(masks.shape[-1] * 0.012) + 1)
    # Rows, then columns: the same as a square, in a fraction of the time.
    inner = -F.max_pool2d(F.max_pool2d(-masks, (reach, 1), 1, (reach // 2, 0)), (1, reach), 1, (0, reach // 2))
    # A lesion too small to have an inside is its own core.
    small = inner.amax((2, 3), keepdim=True) < 0.5
    return torch.where(small, masks, inner).amax(1, keepdim=True)


def mask_loss(logits: Tensor, mask: Tensor, counted: Tensor) -> Tensor:
    """Cross-entropy of every pixel, and Dice of each picture that has a lesion in view; `counted` [n] is 0 or 1."""
    each = F.binary_cross_entropy_with_logits(logits, mask, reduction="none").mean((1, 2, 3))
    probability = torch.sigmoid(logits)
    overlap = (probability * mask).sum((1, 2, 3))
    total = (probability + mask).sum((1, 2, 3))
    present = counted * (mask.amax((1, 2, 3)) > 0.5)
    dice = 1.0 - (2.0 * overlap + 1.0) / (total + 1.0)
    return (each * counted).sum() / counted.sum().clamp(min=1) + (dice * present).sum() / present.sum().clamp(min=1)


def known_cross_entropy(
    logits: Tensor, labels: Tensor, positive_weight: float = 1.0, smoothing: float = SMOOTHING
) -> Tensor:
    """Binary cross-entropy, labels below 0 left out, smoothed; the mean over those that count."""
    known = (labels >= 0).float()
    smooth = labels.clamp(min=0) * (1.0 - smoothing) + 0.5 * smoothing
    weight = known * torch.where(labels > 0.5, positive_weight, 1.0)
    each = F.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1.0)


def soft_cross_entropy(logits: Tensor, told: Tensor, counted: Tensor) -> Tensor:
    """Cross-entropy to probabilities told by a teacher; `counted` is 0 or 1 and broadcasts."""
    each = F.binary_cross_entropy_with_logits(logits, told, reduction="none")
    counted = counted.expand_as(each)
    return (each * counted).sum() / counted.sum().clamp(min=1.0)


def resized(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, size=(size, size), mode="bilinear", antialias=x.shape[-1] > size)


def label_losses(answers: Answers, batch: Batch, smoothing: float = SMOOTHING) -> dict[str, Tensor]:
    """Losses against what is known; `smoothing` is for what is known of a lesion."""
    size, cells = answers.mask.shape[-1], answers.lesion_map.shape[-1]
    masks = resized(batch.masks, size)
    whole = masks.amax(1, keepdim=True)
    # Half a lesion in view is still drawn, but whether it is one is not asked.
    counted = torch.ones_like(batch.lesion)
    by_cell = resized(batch.masks, cells)
    own_cells = resized(torch.sigmoid(answers.mask[:, :1].detach()), cells)
    seen = batch.lesion == 1
    losses = {
        "mask": mask_loss(answers.mask[:, :1], whole, counted),
        "core": mask_loss(answers.mask[:, 1:], cores(masks), counted),
        "lesion": known_cross_entropy(answers.lesion, batch.lesion),
        "lesion_map": verification_loss(answers.lesion_map, by_cell.amax(1, keepdim=True), own_cells, batch.lesion),
        "domain": known_cross_entropy(answers.domain, batch.own.breast),
        "tissue": known_cross_entropy(answers.tissue, batch.own.tissue),
    }
    malignancy, steps, descriptors = [], [], []
    labels: list[tuple[Labels, Tensor]] = [(batch.own, by_cell[:, :1]), (batch.pasted, by_cell[:, 1:])]
    for known, weight in labels:
        here = seen & (weight.amax((1, 2, 3)) > 0.2)
        malignancy.append((answers.malignancy_map, weight, torch.where(here, known.malignant, -1.0)[:, None]))
        steps.append((answers.birads_map, weight, torch.where(here[:, None], known.steps, -1.0)))
        descriptors.append((answers.descriptor_map, weight, torch.where(here[:, None], known.descriptors, -1.0)))
    # Once more under the mask that the network itself draws: that is what it will be pooled by.
    alone = batch.masks[:, 1].amax((1, 2)) < 0.5
    malignancy.append(
        (answers.malignancy_map, own_cells, torch.where(seen & alone, batch.own.malignant, -1.0)[:, None])
    )

    def pooled(asked: list[tuple[Tensor, Tensor, Tensor]], positive_weight: float = 1.0) -> Tensor:
        logits = torch.cat([pool_by_mask(maps, weight) for maps, weight, _ in asked])
        wanted = torch.cat([wanted for _, _, wanted in asked])
        return known_cross_entropy(logits, wanted, positive_weight, smoothing)

    losses["malignancy"] = pooled(malignancy, MALIGNANT_WEIGHT)
    losses["steps"] = pooled(steps)
    losses["descriptors"] = pooled(descriptors)
    return losses


def verification_loss(lesion_map: Tensor, truth: Tensor, drawn: Tensor, lesion: Tensor) -> Tensor:
    """Whether what the mask marks is a lesion: yes on true cells, no where the network drew one that is not there.

    Cells that neither marks count a little, so that the map means something everywhere.
    """
    inside = (truth > 0.5).float()
    weight = torch.where(truth > 0.5, 1.0, torch.where(truth > 0.05, 0.0, 0.05 + 1.0 * (drawn > 0.3).float()))
    weight = weight * (lesion >= 0).float()[:, None, None, None]
    each = F.binary_cross_entropy_with_logits(lesion_map, inside * 0.95 + 0.025, reduction="none")
    # Each picture counts the same, however large its lesion.
    return ((each * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1.0)).mean()


def taught_losses(answers: Answers, batch: Batch) -> dict[str, Tensor]:
    """Losses against what the teachers say."""
    size, cells = answers.mask.shape[-1], answers.lesion_map.shape[-1]
    maps = torch.cat([answers.malignancy_map, answers.birads_map, answers.descriptor_map], 1)
    by_cell = resized(batch.masks, cells)
    ours, theirs, counted = [], [], []
    for labels, weight in ((batch.own, by_cell[:, :1]), (batch.pasted, by_cell[:, 1:])):
        ours.append(pool_by_mask(maps, weight))
        theirs.append(torch.sigmoid(labels.told))
        counted.append(((batch.lesion == 1) & (weight.amax((1, 2, 3)) > 0.2)).float()[:, None])
    pairs = zip(torch.cat(ours).split(LESION, 1), torch.cat(theirs).split(LESION, 1), strict=True)
    malignancy, steps, descriptors = (soft_cross_entropy(a, b, torch.cat(counted)) for a, b in pairs)
    return {
        "mask": soft_cross_entropy(
            answers.mask, resized(batch.told, size), torch.ones_like(batch.told[:1, :1, :1, :1])
        ),
        "malignancy": malignancy,
        "steps": steps,
        "descriptors": descriptors,
    }


def likeness_loss(first: Tensor, second: Tensor, counted: Tensor, temperature: float = 0.1) -> Tensor:
    """One lesion at two moments is alike, and unlike every other of the batch (InfoNCE): [n, 16] twice, counted [n]."""
    kept = counted.nonzero().flatten()
    if len(kept) < 2:
        return first.sum() * 0.0
    a, b = F.normalize(first[kept], dim=1), F.normalize(second[kept], dim=1)
    likeness = a @ b.T / temperature
    same = torch.arange(len(kept), device=kept.device)
    return 0.5 * (F.cross_entropy(likeness, same) + F.cross_entropy(likeness.T, same))


def weighted(losses: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    return sum(weights[name] * loss for name, loss in losses.items())
