"""All that is trained for a release, in one plan: teachers, the student that ships, and the runs that measure it.

teacher-0 … teacher-4       each leaves one fold of `train` out
student-plain               learns from all of `train` and all five teachers: this is what ships
student-plain-0 …           each leaves one fold out, with that fold's teacher: thresholds and calibration are theirs
teacher-SET                 leaves a whole data set out: another hospital
student-plain-SET           leaves it out too, with that teacher
student                     what ships, given a memory when it turns to clips: to see what memory is worth

What two cores can train in hours is less: `small_recipes`, with one teacher.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from peony_training.batches import Shelf
from peony_training.data import (
    DATASETS,
    FOLDS,
    OUTSIDE,
    Case,
    Pictures,
    fold_of,
    load_pictures,
    outside_pictures,
    read_cases,
    read_mammograms,
    read_phantom,
    unlabelled,
)
from peony_training.fit import Recipe, fit
from peony_training.preprocess import letterbox

DRAWN = 300


def recipes(teacher_epochs: int = 18, epochs: int = 96, clip_epochs: int = 5, seed: int = 0) -> list[Recipe]:
    """Every run in the order in which it may start."""
    teacher = Recipe("", "teacher", epochs=teacher_epochs, rate=7e-4, average_decay=0.995, batch=48, seed=seed)
    plain = Recipe(
        "student-plain", epochs=epochs, clip_epochs=clip_epochs, memory=False, average_decay=0.999, seed=seed
    )
    everyone = tuple(f"teacher-{fold}" for fold in range(FOLDS))
    shipped = replace(plain, teachers=everyone)
    return [
        *(replace(teacher, name=f"teacher-{fold}", fold=fold, seed=seed + fold) for fold in range(FOLDS)),
        *(replace(teacher, name=f"teacher-{name}", without=name) for name in DATASETS),
        shipped,
        *(
            replace(plain, name=f"{plain.name}-{fold}", fold=fold, teachers=(f"teacher-{fold}",), seed=seed + fold)
            for fold in range(FOLDS)
        ),
        *(
            replace(plain, name=f"{plain.name}-{name}", without=name, teachers=(f"teacher-{name}",))
            for name in DATASETS
        ),
        replace(shipped, name="student", memory=True, start=shipped.name),
    ]


def small_recipes(teacher_epochs: int = 18, epochs: int = 96, clip_epochs: int = 5, seed: int = 0) -> list[Recipe]:
    """For two cores: what ships is the run that leaves the first fold out, and each data set is left out once, by a
    shorter run that learns from labels alone.
    """
    by_name = {recipe.name: recipe for recipe in recipes(teacher_epochs, epochs, clip_epochs, seed)}
    alone = {"teachers": (), "epochs": min(epochs, 40), "clip_epochs": 0, "average_decay": Recipe.average_decay}
    return [
        by_name["teacher-0"],
        by_name["student-plain-0"],
        *(replace(by_name[f"student-plain-{name}"], **alone) for name in DATASETS),
    ]


def only(every: list[Recipe], names: list[str] | None) -> list[Recipe]:
    """The recipes of those names, or all of them; a name that no recipe has is refused."""
    if not names:
        return every
    unknown = set(names) - {recipe.name for recipe in every}
    if unknown:
        there = ", ".join(recipe.name for recipe in every)
        raise SystemExit(f"no run is named {', '.join(sorted(unknown))}; there are {there}")
    return [recipe for recipe in every if recipe.name in names]


def needed(name: str, every: list[Recipe]) -> list[Recipe]:
    """A run of the plan with all that it needs, in the order of the plan."""
    wanted = {name}
    for recipe in reversed(every):  # what a run needs stands before it
        if recipe.name in wanted:
            wanted |= {*recipe.teachers, *([recipe.start] if recipe.start else [])}
    return [recipe for recipe in every if recipe.name in wanted]


def described(recipe: Recipe, runs: Path) -> str:
    """One line on a run: what it leaves out, which runs it needs, and whether it is done."""
    out = f"without {recipe.without}" if recipe.without else f"without fold {recipe.fold}"
    out = out if recipe.without or recipe.fold is not None else "from all of train"
    clips = recipe.clip_epochs if recipe.kind == "student" else 0
    needs = [*recipe.teachers, *([recipe.start] if recipe.start else [])]
    after = f", after {' '.join(needs)}" if needs else ""
    done = "done" if (runs / f"{recipe.name}.pt").exists() else "to do"
    return f"{recipe.name}: {out}, {recipe.epochs} epochs of stills and {clips} of clips{after}: {done}"


def learned_cases(root: Path, phantom: Path | None) -> tuple[list[Case], list[int]]:
    """The cases of `train`, the phantom's, the films and, last, those that are drawn; and the fold of each."""
    real = [case for case in read_cases(root) if case.split == "train"]
    bursts = read_phantom(phantom) if phantom else []
    films = [case for case in read_mammograms(root) if case.split == "train"]
    drawn = [unlabelled(OUTSIDE, f"drawn-{i}", "train", f"drawn/{i}") for i in range(DRAWN)]
    others = [*bursts, *films, *drawn]
    return [*real, *others], fold_of(real) + [-1] * len(others)


def kept_outside(cache: Path | None, seed: int) -> np.ndarray:
    """Drawn pictures from outside, from the cache where they are in it."""
    path = cache / f"outside-{seed}.npy" if cache else None
    if path and path.exists():
        return np.load(path)
    drawn = outside_pictures(DRAWN, seed)
    if path:
        np.save(path, drawn)
    return drawn


@dataclass(frozen=True)
class Place:
    """Where a plan reads and writes, and on what it runs."""

    data: Path
    phantom: Path | None
    cache: Path | None
    runs: Path
    device: str
    seed: int

    def gather(self) -> tuple[list[Case], Pictures, list[int]]:
        """What is learned from, and the fold of each (-1: in none)."""
        cases, folds = learned_cases(self.data, self.phantom)
        loaded = load_pictures(self.data, cases[:-DRAWN], self.cache)
        outside = kept_outside(self.cache, self.seed)
        small = np.stack([np.asarray(letterbox(Image.fromarray(picture))) for picture in outside])
        pictures = Pictures(
            np.concatenate([loaded.luma, small]),
            np.concatenate([loaded.luma_large, outside]),
            np.concatenate([loaded.mask, np.zeros_like(outside)]),
        )
        return cases, pictures, folds

    def shelf(self) -> tuple[Shelf, list[int]]:
        cases, pictures, folds = self.gather()
        return Shelf(cases, pictures, torch.device(self.device), self.seed), folds


def train_all(place: Place, chosen: list[Recipe], jobs: int) -> None:
    """Run every recipe that is not done, `jobs` at a time in processes of their own; stop at the first that fails."""
    waiting = [recipe for recipe in chosen if not (place.runs / f"{recipe.name}.pt").exists()]
    check_needs(waiting, place.runs)
    if jobs == 1:
        open_shelf(place)
        for recipe in waiting:
            work(recipe)
        return
    if place.cache:  # made once, before every process asks for it
        place.gather()
    spawn = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(jobs, spawn, initializer=open_shelf, initargs=(place, threads)) as pool:
        running: set[Future[None]] = set()
        while waiting or running:
            for recipe in list(ready(waiting, place.runs)):
                waiting.remove(recipe)
                running.add(pool.submit(work, recipe))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()


# What each process of a plan holds: the pictures are loaded once, however many runs it makes.
HELD: dict[str, tuple[Place, Shelf, list[int]]] = {}


def open_shelf(place: Place, threads: int | None = None) -> None:
    if threads:
        torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True
    HELD["all"] = (place, *place.shelf())


def work(recipe: Recipe) -> None:
    place, shelf, folds = HELD["all"]
    fit(recipe, place.runs, shelf, folds)


def check_needs(waiting: list[Recipe], runs: Path) -> None:
    """Refuse runs that need one which is neither done nor among those before them: before any picture is loaded."""
    there = {path.stem for path in runs.glob("*.pt")}
    for recipe in waiting:
        needs = [*recipe.teachers, *([recipe.start] if recipe.start else [])]
        missing = [name for name in needs if name not in there]
        if missing:
            also = " ".join(f"--only {name}" for name in missing)
            raise SystemExit(f"{recipe.name} needs {', '.join(missing)}, not in {runs}: train them too ({also})")
        there.add(recipe.name)


def ready(waiting: list[Recipe], runs: Path) -> Iterator[Recipe]:
    """Recipes whose teachers are done and whose first part, where another run has it, is learned."""
    for recipe in waiting:
        taught = all((runs / f"{name}.pt").exists() for name in recipe.teachers)
        if taught and (recipe.start is None or (runs / f"{recipe.start}.pt").exists()):
            yield recipe
