"""Which cases go where, and what is known of them."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import lesion_case
from PIL import Image

from peony_training.data import FOLDS, case_of, fold_of, load_mask, marked, outside_pictures, read_cases, read_phantom
from peony_training.fixtures import write_mask_fixtures
from peony_training.lexicon import DESCRIPTORS, STEPS, UNKNOWN, birads_steps, descriptors, tissue

DATA = Path(os.environ.get("PEONY_DATA", Path(__file__).parents[3] / "shared" / "data"))
CASES = [
    lesion_case(f"{dataset}-{group}-{i}", str(group), kind, dataset)
    for dataset, groups in (("busi", 83), ("busbra", 61), ("breast", 32))
    for group in range(groups)
    for kind in [("benign", "malignant", "benign", "normal")[group % 4]]
    for i in range(2)
]


def test_no_group_lies_in_two_folds() -> None:
    folds: dict[str, set[int]] = {}
    for case, fold in zip(CASES, fold_of(CASES), strict=True):
        folds.setdefault(case.group, set()).add(fold)
    assert all(len(fold) == 1 for fold in folds.values())


def test_every_fold_has_its_share_of_each_set_and_pathology() -> None:
    counts = Counter((case.dataset, case.pathology, fold) for case, fold in zip(CASES, fold_of(CASES), strict=True))
    for dataset, pathology in {(case.dataset, case.pathology) for case in CASES}:
        shares = [counts[dataset, pathology, fold] for fold in range(FOLDS)]
        assert max(shares) - min(shares) <= 2, (dataset, pathology, shares)


def test_folds_hang_on_no_order_of_rows_and_on_the_seed() -> None:
    backwards = fold_of(CASES[::-1])[::-1]
    assert backwards == fold_of(CASES) != fold_of(CASES, seed=1)


def test_groups_of_the_given_split_do_not_cross() -> None:
    if not (DATA / "cases.csv").exists():
        pytest.skip(f"no cases.csv in {DATA}; set PEONY_DATA")
    cases = read_cases(DATA)
    train, val = ({c.group for c in cases if c.split == split} for split in ("train", "val"))
    assert train and val and not train & val


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("2", [0, 0, 0, 0, 0]),
        ("4a", [1, 1, 0, 0, 0]),
        ("4C", [1, 1, 1, 1, 0]),
        ("5", [1, 1, 1, 1, 1]),
        ("4", [1, 1, UNKNOWN, UNKNOWN, 0]),
        ("", [UNKNOWN] * 5),
        ("1", [UNKNOWN] * 5),
        ("6", [UNKNOWN] * 5),
    ],
)
def test_birads_as_steps(category: str, expected: list[float]) -> None:
    assert birads_steps(category) == expected


@pytest.mark.parametrize(
    ("row", "present"),
    [
        ({"margin": "not circumscribed - angular&indistinct"}, {"angular", "indistinct"}),
        ({"margin": "circumscribed"}, {"circumscribed"}),
        ({"posterior": "combined"}, {"enhancement", "shadowing"}),
        ({"echogenicity": "complex cystic/solid", "halo": "no"}, {"complex"}),
    ],
)
def test_descriptors_are_known_only_where_their_column_is(row: dict[str, str], present: set[str]) -> None:
    answers = dict(zip(DESCRIPTORS, descriptors(row), strict=True))
    assert {name for name, answer in answers.items() if answer == 1.0} == present
    for name, (column, _) in DESCRIPTORS.items():
        assert (answers[name] == UNKNOWN) == (column not in row)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("homogeneous: fat", [1, 0]),
        ("heterogeneous: predominantly fibroglandular", [0, 1]),
        ("lactating", [UNKNOWN, UNKNOWN]),
    ],
)
def test_tissue(words: str, expected: list[float]) -> None:
    assert tissue({"tissue": words}) == expected


def test_a_normal_row_says_nothing_of_a_lesion() -> None:
    row = dict.fromkeys(
        ("mask", "birads", "shape", "margin", "echogenicity", "posterior", "halo", "calcifications"), ""
    )
    row |= {"dataset": "breast", "image": "a.png", "group": "a", "pathology": "normal", "split": "train"}
    case = case_of(row | {"birads": "1", "shape": "oval", "tissue": "homogeneous: fat"})
    assert case.malignant == UNKNOWN and not case.has_lesion and case.breast
    assert set(case.steps) == set(case.descriptors) == {UNKNOWN}
    assert case.tissue == (1.0, 0.0)


NEEDED = "dataset,image,mask,group,pathology,split"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "cases.csv").write_text(text, encoding=encoding)
    return folder


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{NEEDED}\nbusi,a.png,a.mask.png,1,Benign,train\n", "a.png: pathology 'Benign' is none of benign, malignant"),
        (f"{NEEDED},birads\nbusi,a.png,a.mask.png,1,benign,train,4x\n", "a.png: BI-RADS '4X' is none of 0, 1, 2, 3, 4"),
        (f"{NEEDED}\nbusi,a.png,,1,malignant,train\n", "a.png: a lesion without a mask"),
        (f"{NEEDED}\nbusi,a.png,1,normal,train\n", "line 2: 5 cells under 6 columns"),
        ("dataset;image;mask\n", "no column dataset, .*its columns, parted by commas, are dataset;image;mask"),
        ("Dataset,Image\n", "no column dataset, image, .*are Dataset, Image"),
        ("", "are none"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_name(tmp_path: Path, text: str, says: str) -> None:
    """A misspelt label was once learned as a picture without a lesion."""
    with pytest.raises(SystemExit, match=says):
        read_cases(table(tmp_path, text))


def test_only_what_is_needed_must_be_there_and_blanks_are_no_part_of_it(tmp_path: Path) -> None:
    text = f"{NEEDED}\nbusi, a.png,,1,normal, train \nbusi,b.png,b.mask.png,2,benign,val\n"
    first, second = read_cases(table(tmp_path, text, "utf-8-sig"))
    assert (first.image, first.split, first.has_lesion) == ("a.png", "train", False)
    assert second.birads == second.device == "" and set(second.steps) == set(second.descriptors) == {UNKNOWN}


def test_a_folder_that_is_not_there_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--data names the folder"):
        read_cases(tmp_path / "nowhere")
    with pytest.raises(SystemExit, match="--phantom names"):
        read_phantom(tmp_path / "nowhere")


def test_a_mask_is_what_lies_above_0_however_it_is_written(tmp_path: Path) -> None:
    """The Rust program is held to the same files (`crates/peony/src/evaluate/reading.rs`)."""
    kept = Path(__file__).parents[2] / "models" / "fixtures" / "masks"
    write_mask_fixtures(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in kept.iterdir()) and len(names) == 8
    with Image.open(kept / "bits-1.png") as first:
        expected = marked(first)
    assert expected.sum() == 455
    for folder in (tmp_path, kept):
        for name in names:
            with Image.open(folder / name) as mask:
                assert np.array_equal(marked(mask), expected), name


def test_a_mask_that_marks_nothing_or_is_none_is_refused(tmp_path: Path) -> None:
    case = lesion_case("a", "a", "benign")
    blank = Image.new("L", (6, 4))
    blank.save(tmp_path / "a.mask.png")
    with pytest.raises(SystemExit, match="marks nothing"):
        load_mask(tmp_path, case, (6, 4))
    with pytest.raises(SystemExit, match="differ in size"):
        load_mask(tmp_path, case, (4, 6))
    blank.save(tmp_path / "a.mask.png", "JPEG")
    with pytest.raises(SystemExit, match="no PNG"):
        load_mask(tmp_path, case, (6, 4))
    normal = lesion_case("n", "n", "normal")
    assert not np.asarray(load_mask(tmp_path, normal, (6, 4))).any()


def test_frames_of_the_phantom_follow_one_another(tmp_path: Path) -> None:
    names = ["7-0-10-cyst", "7-0-9-none", "7-1-0-carcinoma"]
    for name in names:
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    Image.new("L", (4, 4)).save(tmp_path / "7-0-10-cyst.mask.png")
    cases = read_phantom(tmp_path)
    assert [Path(case.image).stem for case in cases] == ["7-0-9-none", "7-0-10-cyst", "7-1-0-carcinoma"]
    assert [case.pathology for case in cases] == ["normal", "benign", "malignant"]
    assert cases[0].burst == cases[1].burst != cases[2].burst
    assert [bool(case.mask) for case in cases] == [False, True, False]


def test_easy_masses_of_the_phantom_are_what_they_are_drawn_as(tmp_path: Path) -> None:
    for name in ("8-0-0-cyst", "8-1-0-carcinoma", "8-2-0-none", "9-0-0-cyst"):
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    cyst, carcinoma, none, hard = read_phantom(tmp_path)
    said = {name: cyst.descriptors[i] for i, name in enumerate(DESCRIPTORS)}
    assert said["anechoic"] == said["enhancement"] == said["circumscribed"] == 1 and said["hypoechoic"] == 0
    assert said["oval"] == said["calcifications"] == UNKNOWN
    assert cyst.steps == (0,) * len(STEPS) and set(carcinoma.steps) == {UNKNOWN}
    words = list(DESCRIPTORS)
    assert {words[i] for i, answer in enumerate(carcinoma.descriptors) if answer == 1} == {
        "irregular",
        "indistinct",
        "hypoechoic",
        "shadowing",
        "halo",
    }
    assert set(none.descriptors) == set(hard.descriptors) == set(hard.steps) == {UNKNOWN}


def test_pictures_from_outside_repeat_with_their_seed() -> None:
    first, again, other = (outside_pictures(8, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
