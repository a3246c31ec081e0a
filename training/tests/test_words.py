"""Going on with the words of a network that ships moves them and nothing else."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from peony_training.batches import Shelf
from peony_training.calibrate import Calibration
from peony_training.data import DATASETS, FOLDS, PHANTOM
from peony_training.export import OUTPUTS, TOLERANCE, disagreement, export, load_checkpoint, load_exported
from peony_training.net import PeonyUs
from peony_training.reading import Model
from peony_training.words import FIRST, SHARE, Lesson, batches_of, learn

MAPS_OUTPUT = OUTPUTS.index("maps")
CALIBRATION = Calibration(1.2, -0.3, 0.4, 150)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("shipped") / "model.onnx"
    net = PeonyUs(memory=False)
    for _ in range(2):
        net(torch.rand(4, 1, 256, 256))
    export(net.eval(), path, CALIBRATION)
    return path


def folds(shelf: Shelf) -> list[int]:
    return [i % FOLDS if case.dataset in DATASETS else -1 for i, case in enumerate(shelf.cases)]


def test_an_exported_file_can_be_gone_on_with(shipped: Path, tmp_path: Path) -> None:
    net = load_exported(shipped)
    noise = np.random.default_rng(2).integers(0, 256, (256, 256), dtype=np.uint8)
    assert disagreement(net, shipped, [noise], CALIBRATION) < TOLERANCE
    # And written again: what is folded is not folded twice.
    torch.save(net.state_dict(), tmp_path / "again.pt")
    export(load_checkpoint(tmp_path / "again.pt"), tmp_path / "again.onnx", CALIBRATION)
    first, again = (Model(path).session.run(None, {"luma": luma(noise)}) for path in (shipped, tmp_path / "again.onnx"))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_words_move_and_nothing_else(shelf: Shelf, shipped: Path, tmp_path: Path) -> None:
    lesson = Lesson("words", shipped, 0, epochs=2, batch=8, rate=1e-2)
    learn(lesson, tmp_path, shelf, folds(shelf))
    assert len((tmp_path / "words" / "log.jsonl").read_text().splitlines()) == 2
    export(load_checkpoint(tmp_path / "words.pt"), tmp_path / "after.onnx", CALIBRATION)
    noise = np.random.default_rng(2).integers(0, 256, (256, 256), dtype=np.uint8)
    before, after = (
        Model(path).session.run(None, {"luma": luma(noise)}) for path in (shipped, tmp_path / "after.onnx")
    )
    for output, (was, now) in enumerate(zip(before, after, strict=True)):
        assert output == MAPS_OUTPUT or np.array_equal(was, now)
    was, now = before[MAPS_OUTPUT][0], after[MAPS_OUTPUT][0]
    assert np.array_equal(was[:FIRST], now[:FIRST])
    assert np.abs(now - was)[FIRST:].max() > 0.01


def test_a_lesson_repeats(shelf: Shelf, shipped: Path, tmp_path: Path) -> None:
    sums = []
    for folder in ("one", "two"):
        learn(Lesson("words", shipped, 0, epochs=1, batch=8), tmp_path / folder, shelf, folds(shelf))
        weights = torch.load(tmp_path / folder / "words.pt", weights_only=True)
        sums.append(hashlib.sha256(b"".join(w.numpy().tobytes() for w in weights.values())).hexdigest())
    assert sums[0] == sums[1]


def test_the_phantom_has_its_share_and_the_fold_is_left_out(shelf: Shelf) -> None:
    chosen = [i for i, fold in enumerate(folds(shelf)) if fold != 0]
    lesson = Lesson("words", Path(), 0, batch=4)
    cases = [shelf.cases[i] for batch in batches_of(lesson, shelf, chosen, 0) for i in batch]
    drawn = [case for case in cases if case.dataset == PHANTOM]
    assert abs(len(drawn) - SHARE * len(cases)) <= lesson.batch
    left_out = [shelf.cases[i].image for i, fold in enumerate(folds(shelf)) if fold == 0]
    assert left_out and not {case.image for case in cases} & set(left_out)


def luma(canvas: np.ndarray) -> np.ndarray:
    return canvas.astype(np.float32)[None, None] / np.float32(255.0)
