"""One training run: seeded, a checkpoint after every epoch, resumed from the last one where there is one."""

import copy
import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from peony_training.augment import Source, random_view
from peony_training.data import Case, Pictures, hold_out, load_pictures, read_cases
from peony_training.losses import total_loss
from peony_training.metrics import auc, dice
from peony_training.net import PeonyUs, pool_by_mask

HELD_SHARE = 0.08
# Rare pictures are shown more often in each epoch.
REPEATS = {"normal": 3, "breast": 2}


@dataclass(frozen=True)
class Settings:
    """Everything that decides a run; kept in its checkpoints."""

    epochs: int = 32
    batch: int = 24
    rate: float = 2.5e-3
    weight_decay: float = 0.03
    warm_up_epochs: float = 1.5
    average_decay: float = 0.998
    seed: int = 0


def train(root: Path, run: Path, cache: Path | None, settings: Settings) -> None:
    """Train on the `train` split less the held part, and leave `last.pt`, `best.pt` and `log.jsonl` in `run`."""
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    cases = [case for case in read_cases(root) if case.split == "train"]
    pictures = load_pictures(root, cases, cache)
    learn, held = hold_out(cases, HELD_SHARE, settings.seed)
    place = {case.image: index for index, case in enumerate(cases)}
    state = State.start(settings)
    if (run / "last.pt").exists():
        state.load(run / "last.pt")
    state.aim_at(settings.epochs)
    while state.epoch < settings.epochs:
        started = time.monotonic()
        losses = one_epoch(state, learn, pictures, place, settings)
        state.epoch += 1
        scores = score(state.average, held, pictures, place)
        better = scores["score"] > state.best
        state.best = max(state.best, scores["score"])
        state.save(run / "last.pt", settings)
        if better:
            state.save(run / "best.pt", settings)
        line = {"epoch": state.epoch, "seconds": time.monotonic() - started, **losses, **scores}
        with (run / "log.jsonl").open("a") as log:
            log.write(json.dumps({k: round(v, 4) for k, v in line.items()}) + "\n")


@dataclass
class State:
    """The net in training, its running average (which is what ships), and where the run stands."""

    net: PeonyUs
    average: PeonyUs
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0
    best: float = -math.inf
    # (epoch from which, number of epochs aimed at): the learning rate follows it, so a run is repeated only with all.
    horizons: list[tuple[int, int]] = field(default_factory=list)

    @staticmethod
    def start(settings: Settings) -> "State":
        net = PeonyUs().to(memory_format=torch.channels_last)
        # Biases and normalisation are not decayed.
        decayed = [p for p in net.parameters() if p.ndim > 1]
        others = [p for p in net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
        return State(net, copy.deepcopy(net).eval(), torch.optim.AdamW(groups, lr=settings.rate))

    def aim_at(self, epochs: int) -> None:
        """Note the horizon of the schedule where it differs from the one before."""
        if not self.horizons or self.horizons[-1][1] != epochs:
            self.horizons.append((self.epoch, epochs))

    def save(self, path: Path, settings: Settings) -> None:
        """Write beside the file and rename, so that a stop in between harms nothing."""
        unfinished = path.with_suffix(".part")
        torch.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "progress": {"epoch": self.epoch, "step": self.step, "best": self.best},
                "horizons": self.horizons,
                "settings": asdict(settings),
            },
            unfinished,
        )
        unfinished.rename(path)

    def load(self, path: Path) -> None:
        kept = torch.load(path, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.average.load_state_dict(kept["average"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.epoch, self.step, self.best = (kept["progress"][name] for name in ("epoch", "step", "best"))
        self.horizons = kept.get("horizons", [])

    def follow(self, decay: float) -> None:
        """Move the average a little towards the net; faster at the start, while both are far from good."""
        decay = min(decay, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
                if mean.dtype.is_floating_point:
                    mean.lerp_(now, 1.0 - decay)
                else:
                    mean.copy_(now)


def epoch_order(learn: list[Case], rng: np.random.Generator) -> list[Case]:
    """Every case at least once, rare ones repeated, shuffled."""
    repeated = [c for c in learn for _ in range(max(REPEATS.get(c.pathology, 1), REPEATS.get(c.dataset, 1)))]
    return [repeated[i] for i in rng.permutation(len(repeated))]


def learning_rate(progress: float, settings: Settings) -> float:
    """Linear warm-up, then a cosine to zero; `progress` in epochs."""
    if progress < settings.warm_up_epochs:
        return settings.rate * progress / settings.warm_up_epochs
    done = (progress - settings.warm_up_epochs) / (settings.epochs - settings.warm_up_epochs)
    return settings.rate * 0.5 * (1.0 + math.cos(math.pi * min(done, 1.0)))


def make_batch(
    chosen: list[Case], pictures: Pictures, place: dict[str, int], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """(luma, mask) as [n, 1, 256, 256] in 0..1, and (lesion, malignant, birads) labels as float [n], -1 unknown."""
    views = []
    for case in chosen:
        i = place[case.image]
        source = Source(pictures.luma[i], pictures.mask[i], pictures.luma_large[i], pictures.mask_large[i])
        views.append(random_view(source, rng))

    def planes(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)[:, None]).float().div_(255.0)

    return (
        planes([view.luma for view in views]),
        planes([view.mask for view in views]),
        torch.tensor([float(view.lesion) for view in views]),
        torch.tensor([float(case.malignant) for case in chosen]),
        torch.tensor([float(case.birads_rank) for case in chosen]),
    )


def ahead(
    batches: list[list[Case]], pictures: Pictures, place: dict[str, int], rng: np.random.Generator
) -> Iterator[tuple[Tensor, ...]]:
    """The batches in order, each made while the one before it is learned from.

    One worker and one generator: what a batch holds does not hang on timing.
    """
    with ThreadPoolExecutor(max_workers=1) as worker:
        coming = worker.submit(make_batch, batches[0], pictures, place, rng)
        for following in [*batches[1:], None]:
            ready = coming.result()
            if following is not None:
                coming = worker.submit(make_batch, following, pictures, place, rng)
            yield ready


def one_epoch(
    state: State, learn: list[Case], pictures: Pictures, place: dict[str, int], settings: Settings
) -> dict[str, float]:
    """Train once over the cases; the mean of each loss. Repeats from (seed, epoch) alone."""
    rng = np.random.default_rng([settings.seed, state.epoch])
    torch.manual_seed(settings.seed * 100_003 + state.epoch)
    order = epoch_order(learn, rng)
    batches = [order[i : i + settings.batch] for i in range(0, len(order) - settings.batch + 1, settings.batch)]
    sums: dict[str, float] = {}
    state.net.train()
    for number, (luma, *labels) in enumerate(ahead(batches, pictures, place, rng)):
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(state.epoch + number / len(batches), settings)
        with torch.autocast("cpu", torch.bfloat16):
            answers = state.net(luma.contiguous(memory_format=torch.channels_last))
        losses = total_loss(type(answers)(*(a.float() for a in answers)), *labels)
        state.optimizer.zero_grad(set_to_none=True)
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(state.net.parameters(), 5.0)
        state.optimizer.step()
        state.step += 1
        state.follow(settings.average_decay)
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + float(loss.detach())
    return {f"loss_{name}": total / len(batches) for name, total in sums.items()}


@torch.no_grad()
def score(net: PeonyUs, held: list[Case], pictures: Pictures, place: dict[str, int]) -> dict[str, float]:
    """Quick figures on the held part at the network's resolution, to choose the checkpoint by."""
    net.eval()
    dices, malignancy, lesion = [], [], []
    for first in range(0, len(held), 16):
        index = [place[case.image] for case in held[first : first + 16]]
        luma = torch.from_numpy(pictures.luma[index][:, None]).float().div_(255.0)
        with torch.autocast("cpu", torch.bfloat16):
            answers = net(luma.contiguous(memory_format=torch.channels_last))
        probability = torch.sigmoid(answers.mask.float())
        cells = torch.nn.functional.avg_pool2d(probability, 4)
        malignancy += pool_by_mask(answers.malignancy_map.float(), cells).flatten().tolist()
        lesion += answers.lesion.float().tolist()
        full = torch.nn.functional.interpolate(probability, scale_factor=2.0, mode="bilinear")
        truths = pictures.mask[index] > 127
        dices += [dice(p, t) for p, t in zip((full[:, 0] > 0.5).numpy(), truths, strict=True) if t.any()]
    has_lesion = np.array([case.has_lesion for case in held])
    malignant = np.array([case.malignant for case in held])
    grade_auc = auc(np.array(malignancy)[has_lesion], malignant[has_lesion] == 1)
    lesion_auc = auc(np.array(lesion), has_lesion)
    mean = float(np.mean(dices))
    return {
        "held_dice": mean,
        "held_auc": grade_auc,
        "held_lesion_auc": lesion_auc,
        "score": mean + grade_auc + 0.3 * lesion_auc,
    }
