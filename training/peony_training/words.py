"""The words of a network that ships, learned again from what its first run saw too little of; all else stays.

Only the last layer of the descriptors moves: masks, findings, malignancy, BI-RADS and embedding are bit-equal before
and after. On real pictures the words are held to what they were, view by view, for their labels have been heard; on
the phantom's they hear the labels. So little moves that minutes do.
"""

import copy
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from peony_training import losses
from peony_training.batches import Batch, Shelf, stills
from peony_training.data import DATASETS, PHANTOM
from peony_training.export import load_exported
from peony_training.fit import Means, Recipe, answer, generators_of, learned_indices, score
from peony_training.lexicon import DESCRIPTORS
from peony_training.net import MAPS, Answers, PeonyUs
from peony_training.preprocess import CANVAS

# The phantom's share of a batch: what it is there for.
SHARE = 0.4
# What each loss weighs: against the phantom's labels, and against what was said of real pictures.
WEIGHTS = {"descriptors": 1.0, "as_before": 20.0}
# A phantom's labels are known for certain.
CERTAIN = 0.005
# The descriptors' part of the maps.
FIRST = sum(MAPS) - len(DESCRIPTORS)


@dataclass(frozen=True)
class Lesson:
    """Everything that decides the run."""

    name: str
    start: Path  # the ONNX file that is gone on with
    fold: int | None  # left out of learning, as the first run left it out
    epochs: int = 3
    batch: int = 48
    rate: float = 3e-3
    seed: int = 0

    def recipe(self) -> dict[str, object]:
        """What `release` asks of any run, and the file that this one began with."""
        began = hashlib.sha256(self.start.read_bytes()).hexdigest()
        facts = {"name": self.name, "fold": self.fold, "epochs": self.epochs, "seed": self.seed}
        return {"kind": "words", "start": began, "teachers": [], "clip_epochs": 0, **facts}


def learn(lesson: Lesson, runs: Path, shelf: Shelf, folds: list[int]) -> None:
    """Leave `runs`/NAME.pt, its recipe in `runs`/NAME/last.pt, and a line an epoch in `runs`/NAME/log.jsonl."""
    before = load_exported(lesson.start).requires_grad_(False)
    net = copy.deepcopy(before)
    weights = [weight.requires_grad_() for weight in net.grade_head.parameters()]
    for weight in weights:
        weight.register_hook(lambda slope: torch.cat([torch.zeros_like(slope[:FIRST]), slope[FIRST:]]))
    descent = torch.optim.Adam(weights, lr=lesson.rate)
    chosen, held = learned_indices(Recipe(lesson.name, fold=lesson.fold), shelf, folds)
    steps = len(batches_of(lesson, shelf, chosen, 0)) * lesson.epochs
    pace = torch.optim.lr_scheduler.OneCycleLR(descent, lesson.rate, total_steps=steps)
    folder = runs / lesson.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").unlink(missing_ok=True)  # a lesson begins anew each time
    for epoch in range(lesson.epochs):
        began = time.monotonic()
        rng, drawing = generators_of(lesson.seed, epoch, shelf.device)
        means = Means()
        for indices in batches_of(lesson, shelf, chosen, epoch):
            batch = stills(shelf, indices, CANVAS, rng, drawing)
            real = torch.tensor([shelf.cases[i].dataset in DATASETS for i in indices])
            loss, parts = losses_of(net, before, batch, real)
            descent.zero_grad(set_to_none=True)
            loss.backward()
            descent.step()
            pace.step()
            means.add(parts)
        line = {"epoch": epoch + 1, "seconds": time.monotonic() - began, **means.read(), **score(net, shelf, held)}
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
    torch.save({"recipe": lesson.recipe()}, folder / "last.pt")
    torch.save(net.state_dict(), runs / f"{lesson.name}.pt")


def batches_of(lesson: Lesson, shelf: Shelf, learn: list[int], epoch: int) -> list[list[int]]:
    """Every real picture once, and as many of the phantom's as its share wants: of those that are drawn in known words.

    Hard masses are drawn against what they are, and would teach that a look says nothing.
    """
    rng = np.random.default_rng([lesson.seed, epoch, 1])
    real = [i for i in learn if shelf.cases[i].dataset in DATASETS]
    drawn = [i for i in learn if shelf.cases[i].dataset == PHANTOM and max(shelf.cases[i].descriptors) > 0.5]
    if not drawn:
        raise SystemExit("no frame of the phantom is drawn in known words: give --phantom what `bursts` wrote")
    order = rng.permutation(real + rng.choice(drawn, int(len(real) * SHARE / (1.0 - SHARE))).tolist()).tolist()
    size = lesson.batch
    return [order[i : i + size] for i in range(0, len(order) - size + 1, size)]


def losses_of(net: PeonyUs, before: PeonyUs, batch: Batch, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum and its parts; `real` [n] says which pictures are no phantom's."""
    features: list[Tensor] = []
    noting = net.grade_head.register_forward_pre_hook(lambda _, given: features.append(given[0]))
    said = answer(net, batch.luma)
    noting.remove()
    told = before.grade_head(features[0].float())[:, FIRST:]
    known = losses.label_losses(only(said, ~real), batch_of(batch, ~real), CERTAIN)
    apart = unlike(said.descriptor_map[real], told[real], said.mask[real, :1])
    parts = {"descriptors": known["descriptors"], "as_before": apart}
    return losses.weighted(parts, WEIGHTS), parts


def unlike(ours: Tensor, told: Tensor, mask: Tensor) -> Tensor:
    """How far logits [n, 18, 32, 32] are from those that were told, as cross-entropy above its least."""
    wanted = torch.sigmoid(told)
    least = F.binary_cross_entropy_with_logits(told, wanted, reduction="none")
    apart = F.binary_cross_entropy_with_logits(ours, wanted, reduction="none") - least
    # Maps mean something only under a finding: there it counts.
    under = losses.resized(torch.sigmoid(mask), apart.shape[-1]) + 0.02
    return (apart * under).sum() / (under.sum() * apart.shape[1])


def only(answers: Answers, chosen: Tensor) -> Answers:
    return Answers(*(part[chosen] for part in answers))


def batch_of(batch: Batch, chosen: Tensor) -> Batch:
    parts = (batch.luma, batch.masks, batch.told, batch.lesion)
    return Batch(*(part[chosen] for part in parts), batch.own.at(chosen), batch.pasted.at(chosen))
