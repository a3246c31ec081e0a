"""What goes wrong is sorted by what it is, and counted as what was held out shows it."""

from pathlib import Path

import numpy as np
from conftest import BOXES, lesion_case, lesion_mask
from PIL import Image

from peony_training.categories import benign_cut, ranks, widest_cut
from peony_training.data import Case
from peony_training.evaluate import by_size, failures
from peony_training.failures import counts, failure_of, one_of_each, read_frames
from peony_training.lexicon import CATEGORIES, STEPS
from peony_training.pictures import DRAWN_COLOUR, TRUE_COLOUR, WORD_COLOUR, shrink_sheet, write_words
from peony_training.reading import Reading, Region, Thresholds

LET_THROUGH = Thresholds(lesion=0.5, region=0.5)


def read(case: Case, overlap: float = 0.8, dice: float | None = 0.9, risk: float = 0.0, said: str = "3") -> Reading:
    """A reading with one region, whose risk is a logit and whose steps say `said`."""
    steps = {f"birads_{step}": 1.0 if STEPS.index(step) < CATEGORIES.index(said) else -1.0 for step in STEPS}
    maps = {"malignancy": risk, **steps}
    return Reading(case, {"lesion": 1.0, "breast": 1.0}, maps, (Region(1.0, overlap),), dice, area=0.03)


def frames(folder: Path) -> None:
    for number, name in enumerate(("3-carcinoma-Hard", "3-cyst-Hard", "4-carcinoma-Easy", "4-none")):
        Image.new("L", (64, 64), 90).save(folder / f"{name}.png")
        if "none" not in name:
            Image.fromarray(lesion_mask(BOXES[number], 64)).save(folder / f"{name}.mask.png")


def test_words_can_be_read_over_bright_skin() -> None:
    """They once lay on the picture as it was."""
    tile = Image.new("RGB", (256, 256), (230, 230, 230))
    write_words(tile, ["a", "risk 0.60"])
    beside = np.asarray(tile)[4:26, 4:10].reshape(-1, 3)
    words = (beside == WORD_COLOUR).all(1)
    assert words.any() and (beside[~words].max(1) < 128).all()


def test_frames_of_the_phantom_are_known_by_their_names(tmp_path: Path) -> None:
    frames(tmp_path)
    cases = read_frames(tmp_path)
    told = [(c.split, c.pathology, c.group, bool(c.mask)) for c in cases]
    assert told == [
        ("Hard", "malignant", "phantom/3", True),
        ("Hard", "benign", "phantom/3", True),
        ("Easy", "malignant", "phantom/4", True),
        ("none", "normal", "phantom/4", False),
    ]


def test_a_frame_fails_in_the_first_way_that_it_does(tmp_path: Path) -> None:
    frames(tmp_path)
    carcinoma, cyst, _, none = read_frames(tmp_path)
    for reading, what in (
        (read(carcinoma, overlap=0.0, dice=0.1, risk=-5.0), "missed"),
        (read(carcinoma, dice=0.6, risk=-5.0), "outline"),
        (read(carcinoma, risk=-5.0), "grade"),
        (read(carcinoma, risk=0.0), None),
        (read(cyst, risk=1.0), "grade"),
        (read(cyst, risk=-1.0), None),
        (read(none, dice=None), "false"),
    ):
        assert failure_of(reading, LET_THROUGH) == what
    silent = Reading(none, {"lesion": 0.1, "breast": 1.0}, {"malignancy": 0.0}, (Region(1.0, 0.0),))
    assert failure_of(silent, LET_THROUGH) is None
    told = counts([read(carcinoma, overlap=0.0, dice=0.1), read(cyst), silent], LET_THROUGH)
    assert told["seeds"] == [3, 4]
    assert [(row["masses"], row["frames"], row["missed"], row["false"]) for row in told["rows"]] == [
        ("hard", 2, 1, 0),
        ("none", 1, 0, 0),
    ]


def test_a_sheet_shows_one_of_each_kind_before_a_second(tmp_path: Path) -> None:
    frames(tmp_path)
    hard, also_hard, easy, _ = (read(case) for case in read_frames(tmp_path))
    assert one_of_each([hard, also_hard, easy]) == [hard, easy, also_hard]


def test_failures_of_stills_are_counted_by_kind_and_by_size() -> None:
    malignant, benign = lesion_case("1", "1", "malignant"), lesion_case("2", "2", "benign")
    part = [
        read(malignant, overlap=0.0, dice=0.2, risk=-3.0),
        read(malignant, risk=3.0),
        read(benign, dice=0.4, risk=1.0),
        read(benign, risk=-3.0),
    ]
    assert failures(part, LET_THROUGH) == {
        "lesions": 4,
        "not_found_in_place": 1,
        "dice_below_half": 2,
        "malignant": 2,
        "malignant_at_most_10_percent": 1,
        "benign": 2,
        "benign_above_half": 1,
    }
    (row,) = by_size(part, LET_THROUGH)
    assert (row["area"], row["lesions"], row["not_found_in_place"]) == ([0.02, 0.05], 4, 1)


def test_the_categories_are_those_of_the_program() -> None:
    """The same examples as in `BiRads::proposed`."""
    examples = {0.0: "3", 0.02: "3", 0.021: "4A", 0.1: "4A", 0.11: "4B", 0.5: "4B", 0.51: "4C", 0.94: "4C", 0.95: "5"}
    risk = np.array(list(examples))
    said = ranks(risk, np.zeros(len(risk), bool), 0.02)
    assert [CATEGORIES[rank] for rank in said] == list(examples.values())
    assert CATEGORIES[ranks(np.array([0.01]), np.array([True]), 0.02)[0]] == "2"


def test_the_widest_cut_lets_two_in_a_hundred_through() -> None:
    risk = np.linspace(0.0, 0.099, 100)
    positive = np.zeros(100, bool)
    assert widest_cut(risk, positive) == risk[-1]
    positive[[60, 80]] = True
    assert widest_cut(risk, positive) == risk[-1]
    positive[90] = True
    assert widest_cut(risk, positive) == risk[79]
    positive[0] = True
    assert widest_cut(risk, positive) == risk[59]
    positive[1] = True
    assert widest_cut(risk, positive) == 0.0
    assert widest_cut(risk + 0.2, np.zeros(100, bool)) == 0.1


def test_what_a_wider_cut_hides_is_counted_beside_where_it_was_set() -> None:
    rng = np.random.default_rng(0)
    lesions = []
    for number in range(200):
        kind = "malignant" if number % 3 == 0 else "benign"
        risk = float(rng.normal(2.0 if kind == "malignant" else -2.5, 1.5))
        case = lesion_case(str(number), str(number), kind, "busbra", "4" if kind == "malignant" else "2")
        lesions.append(read(case, risk=risk, said="4A" if kind == "malignant" else "2"))
    told = benign_cut(lesions)
    assert told["readers"]["n"] == told["by_steps"]["n"] == 133 and told["readers"]["malignant"] == 0
    assert told["by_steps"]["weighted_kappa"] == 1.0
    assert told["by_probability"]["n"] < told["cut"]["n"] < 133
    assert told["cut"]["malignant"] > 0.0
    assert 0.0 < told["by_probability"]["weighted_kappa"] < told["cut"]["weighted_kappa"] < 1.0
    assert told["lesions_to_show_it"] == 189


def test_outlines_keep_their_colours_among_the_greys(tmp_path: Path) -> None:
    """They had turned grey: a few hundred pixels of a colour are nothing to a palette that is made from all."""
    picture = np.random.default_rng(0).integers(0, 256, (200, 200, 1), dtype=np.uint8).repeat(3, 2)
    picture[50, 50:60], picture[70, 50:60] = TRUE_COLOUR, DRAWN_COLOUR
    path = tmp_path / "sheet.png"
    Image.fromarray(picture).save(path)
    shrink_sheet(path)
    seen = np.asarray(Image.open(path).convert("RGB"))
    assert tuple(seen[50, 55]) == TRUE_COLOUR and tuple(seen[70, 55]) == DRAWN_COLOUR
    assert np.abs(seen[100].astype(int) - picture[100]).max() <= 6
