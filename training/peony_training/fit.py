"""One run: a teacher, or a student that learns from teachers; seeded, with checkpoints, resumed where it stopped."""

import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from peony_training.batches import Batch, Shelf, Told, clips, epoch_order, stills
from peony_training.losses import TAUGHT, WEIGHTS, label_losses, likeness_loss, resized, taught_losses, weighted
from peony_training.metrics import auc, dice
from peony_training.net import Answers, PeonyUs, pool_by_mask
from peony_training.preprocess import CANVAS
from peony_training.teacher import Teacher

# What a teacher sees is larger than what the network sees.
TEACHER_VIEW = 320
# Frames a clip is learned through, and the weight of the embedding's loss.
FRAMES, LIKENESS = 6, 0.1


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run. A student learns from stills first and then, its memory in place, from clips."""

    name: str
    kind: str = "student"  # or "teacher"
    fold: int | None = None  # left out of learning
    without: str | None = None  # a data set left out of learning
    teachers: tuple[str, ...] = ()
    memory: bool = True
    start: str | None = None  # a student whose first part is taken over instead of learned again
    epochs: int = 28
    clip_epochs: int = 5
    batch: int = 48
    rate: float = 2.5e-3
    clip_rate: float = 6e-4
    weight_decay: float = 0.03
    average_decay: float = 0.998
    seed: int = 0


def learned_indices(recipe: Recipe, shelf: Shelf, folds: list[int]) -> tuple[list[int], list[int]]:
    """(learned from, held out) of the shelf. Phantom and outsiders are never held out: their tests are made fresh."""
    learn, held = [], []
    for i, case in enumerate(shelf.cases):
        out = case.dataset == recipe.without or (folds[i] >= 0 and folds[i] == recipe.fold)
        (held if out else learn).append(i)
    return learn, held


class Run:
    """The net in training, its running average (which is what ships), and where the run stands."""

    def __init__(self, recipe: Recipe, folder: Path, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.device = recipe, folder, device
        self.epoch = self.step = 0
        self.net = self.build(memory=recipe.memory and recipe.epochs == 0)
        self.start_optimizer(recipe.rate)

    def build(self, memory: bool) -> nn.Module:
        net = Teacher() if self.recipe.kind == "teacher" else PeonyUs(memory)
        return net.to(self.device, memory_format=torch.channels_last)

    def start_optimizer(self, rate: float) -> None:
        """Biases and normalisation are not decayed."""
        self.average = copy.deepcopy(self.net).eval()
        parts = [[p for p in self.net.parameters() if (p.ndim > 1) == flat] for flat in (True, False)]
        decays = (self.recipe.weight_decay, 0.0)
        groups = [{"params": part, "weight_decay": decay} for part, decay in zip(parts, decays, strict=True)]
        self.rate = rate
        self.optimizer = torch.optim.AdamW(groups, lr=rate, fused=self.device.type == "cuda")

    def remember(self) -> None:
        """The second part of a student: what stills taught it, a memory that says nothing yet, a new schedule."""
        learned = self.average.state_dict()
        # The memory's first weights do not hang on whether the run was interrupted before.
        torch.manual_seed(self.recipe.seed)
        self.net = self.build(self.recipe.memory)
        self.net.load_state_dict(learned, strict=False)
        if self.net.memory is not None:
            nn.init.zeros_(self.net.memory.told.bn.weight)
        self.start_optimizer(self.recipe.clip_rate)
        self.step = 0

    @property
    def path(self) -> Path:
        return self.folder / "last.pt"

    def save(self) -> None:
        """Write beside the file and rename, so that a stop in between harms nothing."""
        unfinished = self.path.with_suffix(".part")
        kept = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": {"epoch": self.epoch, "step": self.step},
            "recipe": asdict(self.recipe),
        }
        torch.save(kept, unfinished)
        os.replace(unfinished, self.path)

    def load(self) -> None:
        """Go on where the checkpoint stands; one of another recipe is refused."""
        kept = torch.load(self.path, map_location=self.device, weights_only=True)
        wanted = json.loads(json.dumps(asdict(self.recipe)))
        if json.loads(json.dumps(kept["recipe"])) != wanted:
            raise SystemExit(f"{self.path} was made by another recipe: move it away or use another folder")
        if self.recipe.kind == "student" and kept["progress"]["epoch"] > self.recipe.epochs:
            self.remember()
        self.net.load_state_dict(kept["net"])
        self.average.load_state_dict(kept["average"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.epoch, self.step = kept["progress"]["epoch"], kept["progress"]["step"]

    def follow(self) -> None:
        """Move the average a little towards the net; faster at the start, while both are far from good."""
        decay = min(self.recipe.average_decay, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            mean, now = (list(n.state_dict().values()) for n in (self.average, self.net))
            floats = [i for i, v in enumerate(mean) if v.dtype.is_floating_point]
            torch._foreach_lerp_([mean[i] for i in floats], [now[i] for i in floats], 1.0 - decay)

    def descend(self, loss: Tensor, progress: float) -> None:
        """One step down; `progress` 0..1 through this part of the run: a warm-up, then a cosine to zero."""
        scale = min(1.0, (progress + 1e-3) / 0.05) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * scale
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.follow()


def fit(recipe: Recipe, runs: Path, shelf: Shelf, folds: list[int]) -> None:
    """Run a recipe to its end; leaves `last.pt` and `log.jsonl` in `runs`/NAME and `runs`/NAME.pt when it is done."""
    run = Run(recipe, runs / recipe.name, shelf.device)
    run.folder.mkdir(parents=True, exist_ok=True)
    if run.path.exists():
        run.load()
    elif recipe.start:
        begun = torch.load(runs / recipe.start / "stills.pt", map_location=shelf.device, weights_only=True)
        run.net.load_state_dict(begun)
        run.average.load_state_dict(begun)
        run.epoch = recipe.epochs
    cut_log(run.folder / "log.jsonl", run.epoch)
    learn, held = learned_indices(recipe, shelf, folds)
    shelf.told = told_by(recipe, runs, shelf) if recipe.teachers else None
    last = recipe.epochs + (recipe.clip_epochs if recipe.kind == "student" else 0)
    while run.epoch < last:
        began = time.monotonic()
        if recipe.kind == "student" and run.epoch == recipe.epochs:
            torch.save(run.average.state_dict(), run.folder / "stills.pt")
            run.remember()
        learn_epoch = still_epoch if run.epoch < recipe.epochs else clip_epoch
        losses = learn_epoch(run, shelf, learn)
        run.epoch += 1
        line = {"epoch": run.epoch, "seconds": time.monotonic() - began, **losses}
        if run.epoch % 5 == 0 or run.epoch == last:
            line |= score(run.average, shelf, held)
            run.save()
        with (run.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({k: round(v, 4) for k, v in line.items()}) + "\n")
    torch.save(run.average.state_dict(), runs / f"{recipe.name}.part")
    os.replace(runs / f"{recipe.name}.part", runs / f"{recipe.name}.pt")


def cut_log(path: Path, epoch: int) -> None:
    """Leave the epochs that the checkpoint holds: those after it are made, and told, again. Half a line is none."""
    if not path.exists():
        return
    lines = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    path.write_text("".join(line for line in lines if json.loads(line)["epoch"] <= epoch), encoding="utf-8")


@torch.no_grad()
def told_by(recipe: Recipe, runs: Path, shelf: Shelf) -> Told:
    """What a recipe's teachers say of every picture, mirrored ones averaged in; kept for the next run they teach."""
    kept = runs / f"told-{'+'.join(recipe.teachers)}.pt"
    if kept.exists():
        return Told(**torch.load(kept, map_location=shelf.device, weights_only=True))
    masks, logits = [], []
    teachers = [load_teacher(runs / f"{name}.pt", shelf.device) for name in recipe.teachers]
    for index in torch.arange(len(shelf.cases), device=shelf.device).split(32):
        luma = resized(shelf.luma_large[index].float().div(255.0), TEACHER_VIEW).clamp(0, 1)
        own = resized(shelf.mask[index].float().div(255.0), TEACHER_VIEW // 8)
        mask, said = 0.0, 0.0
        for teacher in teachers:
            for mirrored in (False, True):
                answers = answer(teacher, luma.flip(3) if mirrored else luma)
                maps = torch.cat([answers.malignancy_map, answers.birads_map, answers.descriptor_map], 1)
                both = [m.flip(3) if mirrored else m for m in (torch.sigmoid(answers.mask), maps)]
                mask = mask + both[0] / (2 * len(teachers))
                said = said + pool_by_mask(both[1], own) / (2 * len(teachers))
        masks.append((mask * 255.0 + 0.5).byte())
        logits.append(said)
    told = {"masks": torch.cat(masks), "logits": torch.cat(logits)}
    torch.save(told, kept.with_suffix(f".{os.getpid()}"))
    os.replace(kept.with_suffix(f".{os.getpid()}"), kept)
    return Told(**told)


def load_teacher(path: Path, device: torch.device) -> Teacher:
    teacher = Teacher(pretrained=False)
    teacher.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    return teacher.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)


def answer(net: nn.Module, luma: Tensor, *state: Tensor | None) -> Answers:
    """The net's answers in bf16 arithmetic, as float32."""
    with torch.autocast(luma.device.type, torch.bfloat16):
        answers = net(luma.contiguous(memory_format=torch.channels_last), *state)
    return Answers(*(a.float() for a in answers))


def generators(run: Run) -> tuple[np.random.Generator, torch.Generator]:
    """The draws of an epoch hang on (seed, epoch) alone."""
    return generators_of(run.recipe.seed, run.epoch, run.device)


def generators_of(seed: int, epoch: int, device: torch.device) -> tuple[np.random.Generator, torch.Generator]:
    drawing = torch.Generator(device)
    drawing.manual_seed(seed * 100_003 + epoch)
    torch.manual_seed(seed * 100_003 + epoch)
    return np.random.default_rng([seed, epoch]), drawing


def losses_of(run: Run, answers: Answers, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum, and each part by name."""
    known = label_losses(answers, batch)
    total = weighted(known, WEIGHTS)
    if not run.recipe.teachers:
        return total, known
    told = taught_losses(answers, batch)
    return total + weighted(told, TAUGHT), known | {f"taught_{name}": loss for name, loss in told.items()}


class Means:
    """Means of losses over an epoch, without waiting for the device at every step."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, losses: dict[str, Tensor]) -> None:
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + loss.detach()
        self.count += 1

    def read(self) -> dict[str, float]:
        return {f"loss_{name}": float(total) / max(1, self.count) for name, total in self.sums.items()}


def still_epoch(run: Run, shelf: Shelf, learn: list[int]) -> dict[str, float]:
    """Learn once from every picture."""
    rng, drawing = generators(run)
    order = epoch_order(shelf, learn, rng)
    size = run.recipe.batch
    batches = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
    means = Means()
    run.net.train()
    for number, chosen in enumerate(batches):
        batch = stills(shelf, chosen, TEACHER_VIEW if run.recipe.kind == "teacher" else CANVAS, rng, drawing)
        loss, parts = losses_of(run, answer(run.net, batch.luma), batch)
        run.descend(loss, (run.epoch + number / len(batches)) / run.recipe.epochs)
        means.add(parts)
    return means.read()


def clip_epoch(run: Run, shelf: Shelf, learn: list[int]) -> dict[str, float]:
    """Learn from clips, twice as many frames as there are pictures; the error runs back through the clip's memory.

    Stills come along: after clips alone a net grades stills worse than before.
    """
    rng, drawing = generators(run)
    size = max(2, run.recipe.batch // 2)
    order = epoch_order(shelf, learn, rng)
    scanned = order[: 2 * len(learn) // FRAMES]
    batches = [scanned[i : i + size] for i in range(0, len(scanned) - size + 1, size)]
    beside = np.resize(order[len(scanned) :] or order, (len(batches), run.recipe.batch)).tolist()
    means = Means()
    run.net.train()
    for number, chosen in enumerate(batches):
        batch = clips(shelf, chosen, FRAMES, CANVAS, rng, drawing)
        state, said = None, []
        for luma in batch.luma.split(size):
            said.append(answer(run.net, luma, state))
            state = said[-1].state if run.recipe.memory else None
        answers = Answers(*(torch.cat(part) for part in zip(*said, strict=True)))
        loss, parts = losses_of(run, answers, batch)
        cells = resized(batch.masks[:, :1], answers.embedding.shape[-1])
        embedded, here = pool_by_mask(answers.embedding, cells), (batch.lesion == 1).float()
        parts["likeness"] = likeness_loss(embedded[:size], embedded[-size:], here[:size] * here[-size:])
        still = stills(shelf, beside[number], CANVAS, rng, drawing)
        still_loss, _ = losses_of(run, answer(run.net, still.luma), still)
        done = (run.epoch - run.recipe.epochs + number / len(batches)) / run.recipe.clip_epochs
        run.descend(loss + still_loss + LIKENESS * parts["likeness"], done)
        means.add(parts)
    return means.read()


@torch.no_grad()
def score(net: nn.Module, shelf: Shelf, held: list[int], limit: int = 1200) -> dict[str, float]:
    """Quick figures on pictures held out of learning, at the network's resolution."""
    held = held[:: max(1, len(held) // limit)]
    if not held:
        return {}
    net.eval()
    large = isinstance(net, Teacher)
    dices: list[float] = []
    malignancy, lesion = [], []
    for first in range(0, len(held), 64):
        index = torch.tensor(held[first : first + 64], device=shelf.device)
        luma = (shelf.luma_large if large else shelf.luma)[index].float().div(255.0)
        luma = resized(luma, TEACHER_VIEW).clamp(0, 1) if large else luma
        answers = answer(net, luma)
        probability = torch.sigmoid(answers.mask[:, :1])
        cells = resized(probability, answers.malignancy_map.shape[-1])
        malignancy += pool_by_mask(answers.malignancy_map, cells).flatten().tolist()
        lesion += answers.lesion.tolist()
        drawn = resized(probability, shelf.mask.shape[-1])[:, 0].gt(0.5).cpu().numpy()
        truths = shelf.mask[index][:, 0].gt(127).cpu().numpy()
        dices += [dice(p, t) for p, t in zip(drawn, truths, strict=True) if t.any()]
    cases = [shelf.cases[i] for i in held]
    has = np.array([case.has_lesion for case in cases])
    malignant = np.array([case.malignant for case in cases]) == 1
    return {
        "held_dice": float(np.mean(dices)),
        "held_auc": auc(np.array(malignancy)[has], malignant[has]),
        "held_lesion_auc": auc(np.array(lesion), has),
    }
