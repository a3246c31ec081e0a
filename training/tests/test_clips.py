"""Clips drawn from stills: what is written is what is there. No patient is in these tests."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import lesion_case, lesion_mask
from PIL import Image

from peony_training.clips import FAULTS, Order, choose, lose_contact, parts_of, plan_clip, runs_of, write_clips
from peony_training.fixtures import synthetic_picture

FRAMES, SIDE = 72, 192
# In the middle, at the border, and as wide as the picture.
BOXES = {"benign": (0.35, 0.30, 0.22, 0.16), "malignant": (0.02, 0.25, 0.20, 0.20), "wide": (0.02, 0.2, 0.96, 0.3)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rows = []
    for number, name in enumerate([*BOXES, "normal", "taught"]):
        box = BOXES.get(name)
        grey = np.asarray(synthetic_picture(SIDE, SIDE, seed=number))
        if box:
            mask = lesion_mask(box, SIDE)
            Image.fromarray(mask).save(root / f"{name}.mask.png")
            grey = np.where(mask > 0, grey // 4, grey)
        Image.fromarray(grey).save(root / f"{name}.png")
        pathology = {"wide": "benign", "taught": "normal"}.get(name, name)
        split = "train" if name == "taught" else "val"
        rows.append(("busi", f"{name}.png", f"{name}.mask.png" if box else "", str(number), pathology, "", split))
    with (root / "cases.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["dataset", "image", "mask", "group", "pathology", "birads", "split", "tissue"])
        table.writeheader()
        for row in rows:
            table.writerow(dict(zip(table.fieldnames, (*row, ""), strict=True)))
    return root


@pytest.fixture(scope="module")
def drawn(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clips")
    assert write_clips(Order(data, out, count=9, frames=FRAMES)) == 4
    return out


def clip(truth: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """(frames [n, h, w], truth)."""
    head, _, rest = truth.with_suffix(".y4m").read_bytes().partition(b"\n")
    tags = head.decode().split()
    width, height = (int(tag[1:]) for tag in tags[1:3])
    assert tags[0] == "YUV4MPEG2" and tags[3] == "F20:1" and tags[-2:] == ["Cmono", "XCOLORRANGE=FULL"]
    frames = np.frombuffer(rest, np.uint8).reshape(-1, 6 + width * height)
    assert all(bytes(frame[:6]) == b"FRAME\n" for frame in frames)
    return frames[:, 6:].reshape(-1, height, width), json.loads(truth.read_text())


def mask_of(runs: list[int], shape: tuple[int, ...]) -> np.ndarray:
    ends = np.cumsum(runs)
    mask = np.zeros(np.prod(shape), bool)
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        mask[start:end] = True
    return mask.reshape(shape)


def test_only_the_split_is_drawn_and_every_clip_has_its_truth(drawn: Path) -> None:
    truths = sorted(drawn.glob("*.json"))
    assert len(truths) == len(list(drawn.glob("*.y4m"))) == 4
    stills = [clip(truth)[1]["still"] for truth in truths]
    assert sorted(stills) == ["benign.png", "malignant.png", "normal.png", "wide.png"]


def test_truth_fits_its_pictures(drawn: Path) -> None:
    for path in drawn.glob("*.json"):
        frames, truth = clip(path)
        assert len(frames) == FRAMES and truth["mm_per_px"] is None
        assert len(truth["lesions"]) == (0 if truth["still"] == "normal.png" else 1)
        assert all(lesion["malignant"] == (truth["still"] == "malignant.png") for lesion in truth["lesions"])
        assert not truth["faults"] or truth["lesions"]
        shown = {entry["frame"]: entry["lesions"] for entry in truth["frames"]}
        for number, lesions in shown.items():
            for lesion in lesions:
                mask = mask_of(lesion["runs"], frames[number].shape)
                ys, xs = np.nonzero(mask)
                assert lesion["box_px"] == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
                if lesion["visible"] == "whole":
                    # The drawn lesion is dark, and its surroundings are not.
                    assert frames[number][mask].mean() < 0.6 * frames[number][~mask].mean()


def test_neighbouring_frames_are_alike_and_none_is_the_last(drawn: Path) -> None:
    for path in drawn.glob("*.json"):
        frames, truth = clip(path)
        wrong = {n for f in truth["faults"] for n in range(f["from"], f["to"] + 1)}
        for number in range(1, FRAMES):
            a, b = (frames[n].astype(float) for n in (number - 1, number))
            if number not in wrong:
                assert np.abs(a - b).mean() > 0.5, "a light for a frozen picture would be right"
                assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.75


def test_the_same_order_draws_the_same_clips(data: Path, drawn: Path, tmp_path: Path) -> None:
    write_clips(Order(data, tmp_path, count=1, frames=FRAMES))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (drawn / path.name).read_bytes()
    write_clips(Order(data, tmp_path / "other", seed=1, count=4, frames=4))
    assert len(list((tmp_path / "other").glob("*.y4m"))) == 4


def test_a_lesion_leaves_where_tissue_lies_beside_it_and_stays_where_none_does() -> None:
    luma = np.asarray(synthetic_picture(SIDE, SIDE))

    def plans(name: str) -> list[float]:
        parts = parts_of(lesion_mask(BOXES[name], SIDE) > 0)
        draws = (plan_clip(luma, parts, FRAMES, 20, np.random.default_rng(seed)) for seed in range(20))
        return [float(plan.presence.min()) for plan in draws]

    assert sum(least == 0 for least in plans("benign")) >= 10
    assert all(least == 1 for least in plans("wide"))


def test_a_fault_leaves_most_of_the_lesion_and_is_one_of_those_that_are_known() -> None:
    luma = np.asarray(synthetic_picture(SIDE, SIDE))
    parts = parts_of(lesion_mask(BOXES["benign"], SIDE) > 0)
    plans = [plan_clip(luma, parts, 120, 20, np.random.default_rng(seed)) for seed in range(60)]
    faulty = [plan for plan in plans if plan.fault]
    assert 15 <= len(faulty) <= 45 and {plan.fault for plan in faulty} == set(FAULTS)
    for plan in faulty:
        there = plan.presence >= 0.5
        assert len(plan.fault_frames) == 30
        assert there[plan.fault_frames.start : plan.fault_frames.stop].sum() <= 0.4 * there.sum()


def test_lost_contact_is_dark_below_and_hides_what_lies_there() -> None:
    grey = np.full((120, 160), 90.0)
    picture, hidden = lose_contact(grey, "left", np.random.default_rng(0))
    assert hidden[:60].all() and not hidden[80:].any()
    assert picture[60:, :60].mean() < 9 < picture[:10, :60].mean() and (picture[:, 80:] == 90).all()


def test_runs_are_counted_from_the_upper_left() -> None:
    mask = np.zeros((3, 4), bool)
    assert runs_of(mask) == []
    mask[1, 1:3] = True
    assert runs_of(mask) == [5, 2]
    mask[0, 0] = mask[2, 3] = True
    assert runs_of(mask) == [0, 1, 4, 2, 4, 1]


def test_each_stratum_has_its_turn_and_no_patient_a_second_one_first() -> None:
    cases = [
        lesion_case(f"{kind}-{group}-{i}", f"{kind}{group}", kind)
        for kind in ("benign", "malignant", "normal")
        for group in range(5)
        for i in range(3)
    ]
    chosen = choose(cases, 15, seed=0)
    assert [case.pathology for case in chosen[:3]] == ["benign", "malignant", "normal"]
    assert len({case.group for case in chosen}) == 15
    assert chosen == choose(cases, 15, seed=0) != choose(cases, 15, seed=1)
