"""What counts as a finding, and where the thresholds come to lie."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import lesion_case

from peony_training.evaluate import (
    birads,
    descriptors,
    observed,
    rounded,
    said_birads,
    tissue,
    where_enough_are_found,
)
from peony_training.lexicon import DESCRIPTORS, STEPS
from peony_training.net import CHANNELS
from peony_training.reading import MASK, Reading, Region, Seen, Thresholds, reading_of, regions_of
from peony_training.thresholds import choose_thresholds, lower_bound

HIGH = Thresholds(lesion=0.5, region=0.4, breast=0.2)


def reading(
    pathology: str = "benign",
    lesion: float = 0.9,
    breast: float = 0.99,
    regions: tuple[float, ...] = (0.8,),
    birads: str = "3",
) -> Reading:
    maps = dict.fromkeys(CHANNELS["maps"], 0.0)
    case = lesion_case("a", "a", pathology, birads=birads)
    return Reading(case, {"lesion": lesion, "breast": breast}, maps, tuple(Region(p, 0.5) for p in regions))


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (reading(), 1),
        (reading(regions=(0.8, 0.3, 0.41)), 2),
        (reading(lesion=0.4), 0),
        (reading(breast=0.1), 0),
        (reading(regions=()), 0),
    ],
)
def test_a_finding_needs_a_breast_a_lesion_and_a_region(said: Reading, count: int) -> None:
    assert len(said.findings(HIGH)) == count


def test_a_finding_beside_the_lesion_is_not_in_place() -> None:
    beside = replace(reading(), regions=(Region(0.9, 0.05),))
    assert beside.findings(HIGH) and not beside.is_found_in_place(HIGH)
    assert reading().is_found_in_place(HIGH)


def test_false_masks_are_told_where_95_percent_of_the_lesions_are_found() -> None:
    lesions = [reading(lesion=at / 100) for at in range(31, 71, 2)]
    normals = [reading("normal", lesion=at) for at in (0.2, 0.335, 0.6)]
    found = where_enough_are_found([*lesions, *normals], HIGH)
    # 19 of 20 reach 0.33, and two normals with them; the card's own 0.5 finds 10.
    assert found == {
        "lesion": 0.33,
        "lesions": 20,
        "lesions_found": 19,
        "lesions_found_in_place": 19,
        "normals": 3,
        "false_masks_on_normals": 2,
    }
    assert where_enough_are_found([replace(lesion, regions=()) for lesion in lesions], HIGH) == {}


def seen(rows: list[str], scale: int) -> Seen:
    """A mask drawn in letters, each `scale` pixels wide; the lesion map says yes on the left half, no on the right."""
    small = np.array([[c == "#" for c in row] for row in rows], np.float32)
    mask = np.zeros((2, MASK, MASK), np.float32)
    drawn = np.kron(small, np.ones((scale, scale), np.float32))
    mask[0, : drawn.shape[0], : drawn.shape[1]] = drawn
    maps = np.zeros((25, 32, 32), np.float32)
    maps[0, :, :16], maps[0, :, 16:] = 2.0, -2.0
    return Seen(mask, maps, np.array([0.9, 0.9, 0.5, 0.5], np.float32), None)


@pytest.mark.parametrize(
    ("rows", "scale", "count"),
    [
        (["....", "...."], 4, 0),
        (["##..", "..##"], 4, 2),
        (["#.#.", "###."], 4, 1),
        # 3×3 = 9 pixels are below 0.1 % of the mask, 4×4 = 16 are not.
        (["#"], 3, 0),
        (["#"], 4, 1),
    ],
)
def test_regions_are_four_connected_and_large_enough(rows: list[str], scale: int, count: int) -> None:
    assert len(regions_of(seen(rows, scale), np.zeros((MASK, MASK), bool))) == count


def test_a_region_is_judged_by_the_map_under_it_and_by_its_overlap() -> None:
    truth = np.zeros((MASK, MASK), bool)
    truth[:16, :16] = True
    left, right = regions_of(seen(["#......#"], 16), truth)
    assert left.lesion == pytest.approx(1 / (1 + np.exp(-2.0))) and right.lesion == pytest.approx(1 / (1 + np.exp(2.0)))
    assert (left.overlap, right.overlap) == (1.0, 0.0)


def test_a_reading_names_its_answers() -> None:
    said = reading_of(lesion_case("a", "a", "benign"), seen(["#"], 16), np.zeros((256, 256), np.uint8))
    assert list(said.maps) == list(CHANNELS["maps"]) and list(said.frame) == list(CHANNELS["frame"])
    assert said.maps["lesion"] == pytest.approx(2.0, abs=0.05)


def test_thresholds_keep_lesions_and_lose_what_is_none() -> None:
    held = [reading(lesion=0.3 + 0.007 * i, regions=(0.4 + 0.005 * i,)) for i in range(100)]
    free = [reading("normal", lesion=0.6, regions=(0.2,)), reading("normal", lesion=0.2, regions=(0.9,))]
    chosen = choose_thresholds(held, free)
    assert sum(bool(r.findings(chosen)) for r in held) == 95
    assert not any(r.findings(chosen) for r in free)
    assert chosen.breast == 0.8


def test_lesions_that_the_mask_misses_leave_the_thresholds_low() -> None:
    held = [reading(regions=() if i % 5 == 0 else (0.8,)) for i in range(100)]
    chosen = choose_thresholds(held, [])
    assert (chosen.lesion, chosen.region) == (0.01, 0.01)


def test_at_most_one_breast_in_two_hundred_is_refused() -> None:
    assert lower_bound([0.1, 0.2, *[0.9] * 398], 0.005) == 0.9
    assert lower_bound([0.1, *[0.9] * 100], 0.005) == 0.1


def graded(category: str, given: str) -> Reading:
    made = reading(birads=given)
    rank = ("2", "3", "4A", "4B", "4C", "5").index(category)
    return replace(made, maps=made.maps | {f"birads_{step}": 1.0 if i < rank else -1.0 for i, step in enumerate(STEPS)})


def test_birads_is_compared_in_letters_only_where_there_are_any() -> None:
    pairs = [("2", "2"), ("4B", "4b"), ("5", "5"), ("3", "2")]
    assert said_birads(graded("4C", "5")) == 4
    letters = birads([graded(*pair) for pair in pairs])
    assert letters["categories"] == ["2", "3", "4A", "4B", "4C", "5"]
    undivided = birads([graded("4C", "4"), *(graded(*pair) for pair in pairs), graded("2", "")])
    assert undivided["categories"] == ["2", "3", "4", "5"] and undivided["n"] == 5
    assert undivided["given_by_said"] == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]


def test_what_a_category_meant_is_counted() -> None:
    malignant = replace(graded("5", "5"), case=lesion_case("m", "m", "malignant"))
    rows = observed([malignant, graded("5", "5"), graded("2", "2")])
    assert (rows["5"]["n"], rows["5"]["malignant"]) == (2, 1)
    assert rows["2"]["ci95"][0] == 0.0


def test_what_cannot_be_told_is_left_out() -> None:
    rows = rounded(descriptors([reading(), reading()]))
    assert set(rows) == set(DESCRIPTORS)
    assert rows["oval"] == {"n": 2, "present": 2, "accuracy": 1.0}


def test_tissue_is_counted_where_the_reader_names_it() -> None:
    def told(known: tuple[float, float], homogeneous: float, fibroglandular: float) -> Reading:
        said = reading()
        frame = {**said.frame, "homogeneous": homogeneous, "fibroglandular": fibroglandular}
        return replace(said, case=replace(said.case, tissue=known), frame=frame)

    unknown = told((-1.0, -1.0), 0.9, 0.9)
    rows = tissue([told((1, 1), 0.9, 0.8), told((0, 1), 0.2, 0.6), told((0, 0), 0.7, 0.1), unknown])
    assert rows["homogeneous"] | {"ci95": 0} == {
        **{"n": 3, "present": 1, "auc": 1.0, "right": 2, "accuracy": pytest.approx(2 / 3)},
        "ci95": 0,
    }
    assert (rows["fibroglandular"]["right"], rows["both"]["right"]) == (3, 2)
    assert (rows["both"]["n"], rows["both"]["commonest"]) == (3, 1)
    assert rows["both"]["ci95"] == pytest.approx([0.2077, 0.9385], abs=1e-4)
    none = rounded(tissue([unknown]))
    assert none["both"]["n"] == none["both"]["right"] == 0 and "accuracy" not in none["both"]
