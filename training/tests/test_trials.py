"""Marks laid and taken away, and false alarms counted over clips."""

import numpy as np
import pytest

from peony_training import trials
from peony_training.fixtures import synthetic_picture
from peony_training.reading import Seen, Thresholds
from peony_training.trials import FRAMES, Detection, Sighting, compare, embedded, known_again, lay_marks, remove_marks


def test_marks_are_laid_the_same_each_time() -> None:
    canvas = np.asarray(synthetic_picture(256, 256))
    first, again = (lay_marks([canvas] * 8, [np.zeros_like(canvas)] * 8) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert sum(not np.array_equal(a, canvas) for a in first) >= 6


def test_a_lesion_that_marks_put_is_counted_once_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is asked about the marked pictures, and about each of them as often as it is marked."""
    monkeypatch.setattr(trials, "MARKED", 3)
    bright, dark = np.full((256, 256), 40, np.uint8), np.zeros((256, 256), np.uint8)

    class Credulous:
        """Sees a lesion in every picture that is brighter than its tissue somewhere."""

        def look(self, canvas: np.ndarray) -> Seen:
            mask = np.zeros((2, 128, 128), np.float32)
            mask[0, 40:80, 40:80] = float(canvas.max() > 100 and np.median(canvas) > 0)
            return Seen(mask, np.full((25, 32, 32), 9.0, np.float32), np.ones(4, np.float32), None)

    put = trials.put_by_marks(Credulous(), [bright, bright, dark], Thresholds())
    assert put["looks_where_none_was"] == 9 and 3 <= put["lesions_put_where_none_was"] <= 6


def test_thin_marks_go_and_bright_tissue_stays() -> None:
    canvas = np.full((256, 256), 60, np.uint8)
    canvas[100:140, 100:160] = 220
    marked = canvas.copy()
    marked[40, 30:60] = marked[25:56, 45] = 250
    cleaned = remove_marks(marked)
    assert np.array_equal(cleaned[:80, :80], canvas[:80, :80])
    assert (cleaned[104:136, 104:156] == 220).all()


def test_false_alarms_are_counted_in_episodes_at_the_same_sensitivity() -> None:
    """Two clips, the lesion in the second; one model is as sensitive as the other and alarms in two rows of frames."""
    lesion = np.repeat([0, 1], FRAMES)
    hits = [Detection(FRAMES + i, 0.5 + i / 100, 0.9) for i in range(FRAMES)]
    rows = [Detection(i, 0.9, 0.0) for i in (3, 4, 5, 9)]
    faint = [Detection(20, 0.1, 0.0)]
    report = compare({"quiet": [*hits, *faint], "loud": [*hits, *rows]}, lesion)
    minutes = 2 * FRAMES / 600
    assert report["sensitivity"] == pytest.approx(0.95)
    assert report["quiet"]["false_alarm_episodes_a_minute"] == 0
    assert report["loud"]["false_alarm_episodes_a_minute"] == pytest.approx(2 / minutes)
    assert report["quiet"]["ap50"] == 1.0 > report["loud"]["ap50"]


def test_a_frame_where_nobody_can_say_is_not_counted() -> None:
    lesion = np.repeat([1, 0], FRAMES)
    lesion[FRAMES:] = -1
    hits = [Detection(i, 0.8, 0.9) for i in range(FRAMES)]
    report = compare({"one": [*hits, Detection(FRAMES + 2, 0.9, 0.0)]}, lesion)
    assert report["frames"] == FRAMES and report["one"]["false_alarm_episodes_a_minute"] == 0


def sight(clip: int, group: str, *angles: float) -> list[Sighting]:
    return [Sighting(clip, group, np.array([np.cos(a), np.sin(a)])) for a in angles]


def test_a_lesion_is_known_again_by_its_first_and_last_sighting() -> None:
    """Angles are likenesses. The second clip ends liker to the first clip; the fourth saw its lesion once."""
    sightings = [
        *sight(0, "a", 0.0, 2.0, 0.1),
        *sight(1, "b", 1.5, 0.2),
        *sight(2, "c", 3.0, 3.1),
        *sight(3, "d", 0.0),
    ]
    report = known_again(sightings)
    assert (report["lesions"], report["known_again"], report["others"]) == (3, 2, 6)
    assert report["itself_below_program"] == 1 and report["others_not_below_program"] == 1
    assert report["likeness_of_itself"] == pytest.approx(np.cos(0.1))
    assert report["auc"] == pytest.approx(17 / 18)
    # Of one patient's two clips neither is held against the other.
    report = known_again([*sight(0, "a", 0.0, 0.1), *sight(1, "a", 0.1, 0.0), *sight(2, "b", 3.0, 3.0)])
    assert (report["known_again"], report["others"]) == (3, 4)
    assert known_again(sight(0, "a", 0.0)) == {"lesions": 0, "known_again": 0}


def test_the_embedding_is_that_of_the_region_on_the_lesion() -> None:
    mask = np.zeros((2, 128, 128), np.float32)
    mask[0, 8:40, 8:40] = mask[0, 80:120, 80:120] = 1.0
    vectors = np.zeros((16, 32, 32), np.float32)
    vectors[3, :16], vectors[5, 16:] = 2.0, 2.0
    seen = Seen(mask, np.zeros((25, 32, 32), np.float32), np.ones(4, np.float32), None, vectors)
    truth = np.zeros((128, 128), bool)
    assert embedded(seen, truth) is None
    truth[8:36, 8:36] = True
    assert embedded(seen, truth) == pytest.approx(np.eye(16)[3])
