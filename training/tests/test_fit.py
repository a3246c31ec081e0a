"""A run repeats, and one that was stopped ends where an unbroken one does."""

import json
from pathlib import Path

import pytest
import torch

from peony_training import fit as fitting
from peony_training.batches import Shelf
from peony_training.data import DATASETS, FOLDS
from peony_training.fit import Recipe, fit, learned_indices
from peony_training.plan import Place, needed, only, ready, recipes, small_recipes, train_all

TINY = Recipe("tiny", epochs=5, clip_epochs=1, batch=4, fold=0)


def folds(shelf: Shelf) -> list[int]:
    return [i % FOLDS if case.dataset in DATASETS else -1 for i, case in enumerate(shelf.cases)]


def weights(runs: Path) -> dict[str, torch.Tensor]:
    return torch.load(runs / "tiny.pt", weights_only=True)


def test_a_stopped_run_ends_as_an_unbroken_one(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between stills and clips: the memory's first weights once hung on whether the run had been resumed."""
    fit(TINY, tmp_path / "unbroken", shelf, folds(shelf))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fitting, "clip_epoch", stop)
        fit(TINY, tmp_path / "stopped", shelf, folds(shelf))
    assert not (tmp_path / "stopped" / "tiny.pt").exists()
    log = tmp_path / "stopped" / "tiny" / "log.jsonl"
    # Stopped later, between two checkpoints, and within a line.
    log.write_text(log.read_text() + json.dumps({"epoch": 6, "seconds": 0.0}) + '\n{"epoch": 7, "sec')
    fit(TINY, tmp_path / "stopped", shelf, folds(shelf))

    unbroken, stopped = weights(tmp_path / "unbroken"), weights(tmp_path / "stopped")
    assert any(name.startswith("memory.") for name in unbroken)
    for name, value in unbroken.items():
        assert torch.equal(value, stopped[name]), name
    assert [json.loads(line)["epoch"] for line in log.read_text().splitlines()] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(SystemExit, match="another recipe"):
        fit(Recipe("tiny", epochs=6, clip_epochs=1, batch=4, fold=0), tmp_path / "stopped", shelf, folds(shelf))


def test_a_fold_and_a_set_are_left_out_whole(shelf: Shelf) -> None:
    learn, held = learned_indices(TINY, shelf, folds(shelf))
    assert sorted(learn + held) == list(range(len(shelf.cases)))
    assert held == [i for i, fold in enumerate(folds(shelf)) if fold == 0]
    learn, held = learned_indices(Recipe("x", without="busi"), shelf, folds(shelf))
    assert {shelf.cases[i].dataset for i in held} == {"busi"} and "busi" not in {shelf.cases[i].dataset for i in learn}


def test_every_run_comes_after_those_that_it_needs() -> None:
    done: set[str] = set()
    for recipe in recipes():
        assert set(recipe.teachers) <= done, recipe.name
        assert recipe.start is None or recipe.start in done, recipe.name
        done.add(recipe.name)
    assert len(done) == len(recipes())


def test_no_student_learns_from_a_teacher_that_saw_what_it_leaves_out() -> None:
    by_name = {recipe.name: recipe for recipe in recipes()}
    for recipe in by_name.values():
        for teacher in (by_name[name] for name in recipe.teachers):
            assert recipe.fold is None or teacher.fold == recipe.fold
            assert recipe.without is None or teacher.without == recipe.without


def test_a_run_waits_for_its_teachers(tmp_path: Path) -> None:
    names = {recipe.name for recipe in ready(recipes(), tmp_path)}
    assert names == {name for name in (r.name for r in recipes()) if name.startswith("teacher")}
    (tmp_path / "teacher-1.pt").touch()
    assert {recipe.name for recipe in ready(recipes(), tmp_path)} - names == {"student-plain-1"}
    for fold in range(FOLDS):
        (tmp_path / f"teacher-{fold}.pt").touch()
    more = {recipe.name for recipe in ready(recipes(), tmp_path)} - names
    assert "student-plain" in more and "student" not in more


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_without_its_teacher_is_refused_before_a_picture_is_loaded(tmp_path: Path, jobs: int) -> None:
    place = Place(tmp_path / "nowhere", None, None, tmp_path, "cpu", 0)
    pupil = only(recipes(), ["student-plain-0"])
    with pytest.raises(SystemExit, match=r"student-plain-0 needs teacher-0, .* \(--only teacher-0\)"):
        train_all(place, pupil, jobs)
    both = only(recipes(), ["teacher-0", "student-plain-0"])
    with pytest.raises(SystemExit, match="--data names the folder"):
        train_all(place, both, 1)


def test_a_name_that_no_run_has_is_refused() -> None:
    """A plan without that run was once trained as if it had not been asked for."""
    with pytest.raises(SystemExit, match="student-plain-7; there are teacher-0"):
        only(recipes(), ["teacher-0", "student-plain-7"])
    assert [recipe.name for recipe in only(recipes(), ["student-plain-1", "teacher-1"])] == [
        "teacher-1",
        "student-plain-1",
    ]
    assert len(only(recipes(), None)) == len(recipes())


def test_a_run_needs_its_teachers_and_the_run_that_it_begins_from() -> None:
    assert [recipe.name for recipe in needed("student-plain-2", recipes())] == ["teacher-2", "student-plain-2"]
    everyone = [f"teacher-{fold}" for fold in range(FOLDS)]
    assert [recipe.name for recipe in needed("student", recipes())] == [*everyone, "student-plain", "student"]


def test_two_cores_train_one_run_that_ships_and_one_without_each_set() -> None:
    teacher, shipped, *others = small_recipes()
    assert teacher in recipes() and shipped in recipes() and teacher.fold == shipped.fold == 0
    assert needed(shipped.name, small_recipes()) == [teacher, shipped]
    assert [recipe.without for recipe in others] == list(DATASETS)
    for recipe in others:
        assert recipe.kind == "student" and not recipe.memory and not recipe.teachers and not recipe.clip_epochs
        assert needed(recipe.name, small_recipes()) == [recipe]
