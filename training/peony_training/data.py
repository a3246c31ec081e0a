"""Cases of `cases.csv`, the phantom's frames and pictures that are no breast ultrasound, letterboxed, in memory.

The split goes by group (patient or near-duplicate group). `val` is only ever reported on: everything is chosen on folds
of `train`, made by group again.
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from peony_training.lexicon import UNKNOWN, birads_steps, descriptors, tissue
from peony_training.preprocess import CANVAS, letterbox

DATASETS = ("busi", "busbra", "breast")
# As they are called where people read; `all` are all of them together.
NAMES = {"busi": "BUSI", "busbra": "BUS-BRA", "breast": "BrEaST", "all": "all"}
PHANTOM = "phantom"
OUTSIDE = "outside"
# Closer views are cut from a larger copy, so that they are not known by their blur.
LARGE = 384
FOLDS = 5
# Columns of `cases.csv` that must be there; of the others, what needs one that is not is left out.
NEEDED = ("dataset", "image", "mask", "group", "pathology", "split")
PATHOLOGIES = ("benign", "malignant", "normal")


@dataclass(frozen=True)
class Case:
    """One still: its files, its group, and what is known of it."""

    dataset: str
    image: str
    mask: str
    group: str
    pathology: str
    birads: str
    split: str
    device: str = ""
    # Answers of `lexicon`, unknown where the data do not say.
    steps: tuple[float, ...] = ()
    descriptors: tuple[float, ...] = ()
    tissue: tuple[float, ...] = ()
    # Frames of one burst follow one another; a still is a burst of its own.
    burst: str = ""

    @property
    def has_lesion(self) -> bool:
        return self.pathology in ("benign", "malignant")

    @property
    def malignant(self) -> float:
        """1 malignant, 0 benign, -1 where the question does not arise (no lesion)."""
        return {"malignant": 1.0, "benign": 0.0}.get(self.pathology, UNKNOWN)

    @property
    def breast(self) -> bool:
        """Whether this is a B-mode picture of a breast."""
        return self.dataset != OUTSIDE


def read_cases(root: Path) -> list[Case]:
    """The ultrasound rows of `root`/cases.csv, in file order. A label that is none is refused: it would be learned as
    another.
    """
    return [case_of(row) for row in read_rows(root) if row["dataset"] in DATASETS]


def read_rows(root: Path) -> list[dict[str, str]]:
    """Every row, blanks around its cells taken off."""
    path = root / "cases.csv"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: --data names the folder that holds it")
    with path.open(newline="", encoding="utf-8-sig") as file:  # some programs begin UTF-8 with a mark of it
        reader = csv.reader(file)
        columns = [name.strip() for name in next(reader, [])]
        missing = [name for name in NEEDED if name not in columns]
        if missing:
            there = ", ".join(columns) or "none"
            raise SystemExit(f"{path}: no column {', '.join(missing)}; its columns, parted by commas, are {there}")
        rows = []
        for cells in reader:
            if cells and len(cells) != len(columns):
                raise SystemExit(f"{path}, line {reader.line_num}: {len(cells)} cells under {len(columns)} columns")
            if cells:
                rows.append(dict(zip(columns, (cell.strip() for cell in cells), strict=True)))
        return rows


def case_of(row: Mapping[str, str]) -> Case:
    birads = row.get("birads", "")
    try:
        if row["pathology"] not in PATHOLOGIES:
            raise ValueError(f"pathology {row['pathology']!r} is none of {', '.join(PATHOLOGIES)}")
        lesion = row["pathology"] != "normal"
        if lesion and not row["mask"]:
            raise ValueError("a lesion without a mask, from which nothing can be learned")
        steps = birads_steps(birads)
    except ValueError as wrong:
        raise SystemExit(f"cases.csv, {row['image']}: {wrong}") from wrong
    nothing = dict.fromkeys(row, "")
    return Case(
        dataset=row["dataset"],
        image=row["image"],
        mask=row["mask"],
        group=f"{row['dataset']}/{row['group']}",
        pathology=row["pathology"],
        birads=birads if lesion else "",
        split=row["split"],
        device=row.get("device", ""),
        steps=tuple(steps if lesion else birads_steps("")),
        descriptors=tuple(descriptors(row if lesion else nothing)),
        tissue=tuple(tissue(row)),
    )


def read_mammograms(root: Path) -> list[Case]:
    """The film mammograms of `cases.csv`: pictures of a breast that this network must not read."""
    rows = [row for row in read_rows(root) if row["dataset"] == "mias"]
    return [unlabelled(OUTSIDE, row["image"], row["split"], f"mias/{row['group']}") for row in rows]


def unlabelled(dataset: str, image: str, split: str, group: str) -> Case:
    nothing = tuple(birads_steps("")), tuple(descriptors({})), tuple(tissue({}))
    return Case(dataset, image, "", group, "", "", split, "", *nothing)


# What the phantom draws a mass as, in the words of the lexicon; hard masses, those of odd seeds, are drawn against
# them. A simple cyst is the only mass whose category its look decides.
PHANTOM_WORDS = {
    "cyst": {"margin": "circumscribed", "echogenicity": "anechoic", "posterior": "enhancement", "halo": "no"},
    "fibroadenoma": {"margin": "circumscribed", "echogenicity": "hypoechoic", "halo": "no"},
    "carcinoma": {
        "shape": "irregular",
        "margin": "not circumscribed - indistinct",
        "echogenicity": "hypoechoic",
        "posterior": "shadowing",
        "halo": "yes",
    },
}


def read_phantom(root: Path) -> list[Case]:
    """Frames that the example `bursts` of the phantom wrote: `SEED-BURST-FRAME-KIND.png`, masks beside them."""
    if not root.is_dir():
        raise SystemExit(f"{root} is not there: --phantom names what the example `bursts` wrote")
    cases = []
    for path in sorted(root.glob("*.png"), key=burst_order):
        if path.name.endswith(".mask.png"):
            continue
        seed, burst, _, kind = path.stem.split("-")
        drawn = path.with_suffix(".mask.png")
        pathology = "normal" if kind == "none" else "malignant" if kind == "carcinoma" else "benign"
        case = unlabelled(PHANTOM, str(path.resolve()), "train", f"phantom/{seed}")
        mask = str(drawn.resolve()) if drawn.exists() else ""
        case = replace(case, mask=mask, pathology=pathology, burst=f"phantom/{seed}-{burst}")
        if int(seed) % 2 == 0 and kind in PHANTOM_WORDS:
            steps = birads_steps("2" if kind == "cyst" else "")
            case = replace(case, steps=tuple(steps), descriptors=tuple(descriptors(PHANTOM_WORDS[kind])))
        cases.append(case)
    return cases


def burst_order(path: Path) -> tuple[int, ...]:
    """Seed, burst and frame as numbers: frame 10 comes after frame 9."""
    return tuple(int(part) for part in path.name.split(".")[0].split("-")[:3])


def fold_of(cases: list[Case], folds: int = FOLDS, seed: int = 0) -> list[int]:
    """The fold of each case: by group, each with the same share of each data set and pathology.

    The order of groups is that of a hash of their name and the seed: it does not hang on the order of the rows.
    """
    members: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        members[case.group].append(case)
    strata: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, group in members.items():
        strata[group[0].dataset, max(case.pathology for case in group)].append(name)
    fold: dict[str, int] = {}
    for number, key in enumerate(sorted(strata)):
        names = sorted(strata[key], key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
        # Each stratum starts at another fold, so that the first does not gather every remainder.
        fold.update({name: (index + number) % folds for index, name in enumerate(names)})
    return [fold[case.group] for case in cases]


@dataclass(frozen=True)
class Pictures:
    """Letterboxed luma and masks (0 or 255, soft at edges), uint8, in the order of the cases."""

    luma: np.ndarray  # [n, 256, 256], as the program makes it
    luma_large: np.ndarray  # [n, 384, 384]
    mask: np.ndarray  # [n, 384, 384]


def load_picture(root: Path, case: Case) -> Image.Image:
    """The 8-bit picture of a case at its own size."""
    with Image.open(root / case.image) as picture:
        return picture.copy()


def load_mask(root: Path, case: Case, size: tuple[int, int]) -> Image.Image:
    """The lesion mask of a case as 0/255; all black where there is no lesion.

    A picture of patients whose mask marks nothing would be learned as one without a lesion: it is refused.
    """
    if not case.mask:
        return Image.new("L", size, 0)
    with Image.open(root / case.mask) as mask:
        if mask.format != "PNG":
            raise SystemExit(f"the mask {case.mask} is no PNG: another format does not keep what is off at 0")
        if mask.size != size:
            raise SystemExit(f"the mask {case.mask} and its picture differ in size")
        on = marked(mask)
    if case.dataset in DATASETS and case.has_lesion and not on.any():
        raise SystemExit(f"the mask {case.mask} marks nothing")
    return Image.fromarray(np.where(on, 255, 0).astype(np.uint8))


def marked(mask: Image.Image) -> np.ndarray:
    """Where a mask is above 0, bool [h, w], in any colour and whatever its depth, as `peony evaluate` reads it.

    Many tools write the number of a class. How opaque a pixel is says nothing.
    """
    return np.asarray(mask.convert("RGB")).any(-1)


def load_pictures(root: Path, cases: list[Case], cache: Path | None = None) -> Pictures:
    """Letterbox every case once; with `cache`, keep the result there and read it the next time."""
    key = hashlib.sha256("\n".join(case.image for case in cases).encode()).hexdigest()[:16]
    kept = cache / f"pictures-{key}.npz" if cache else None
    if kept and kept.exists():
        with np.load(kept) as arrays:
            return Pictures(**{name: arrays[name] for name in arrays.files})
    luma = np.zeros((len(cases), CANVAS, CANVAS), np.uint8)
    large = np.zeros((len(cases), LARGE, LARGE), np.uint8)
    mask = np.zeros_like(large)

    def load(index: int) -> None:
        picture = load_picture(root, cases[index])
        luma[index], large[index] = letterbox(picture), letterbox(picture, LARGE)
        if cases[index].mask:
            mask[index] = letterbox(load_mask(root, cases[index], picture.size), LARGE)

    with ThreadPoolExecutor() as threads:
        list(threads.map(load, range(len(cases))))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, luma=luma, luma_large=large, mask=mask)
    return Pictures(luma, large, mask)


def photographs() -> list[np.ndarray]:
    """Everyday pictures that scikit-image carries, grey uint8: what a camera or a microscope shows."""
    from skimage import color, data

    names = ("camera", "astronaut", "coffee", "chelsea", "rocket", "coins", "moon", "page", "text", "hubble_deep_field")
    made: list[np.ndarray] = []
    for name in names:
        maker: Callable[[], np.ndarray] = getattr(data, name)
        try:
            picture = np.asarray(maker())
        except Exception as refused:  # a picture that this installation would have to fetch is left out
            print(f"photograph {name} left out: {type(refused).__name__}")
            continue
        grey = color.rgb2gray(picture[..., :3]) * 255 if picture.ndim == 3 else picture
        made.append(np.clip(grey, 0, 255).astype(np.uint8))
    return made


def outside_pictures(count: int, seed: int) -> np.ndarray:
    """Drawn pictures that no probe made, uint8 [count, 384, 384]: screens, waves, noise, plain grey, photographs."""
    from PIL import ImageDraw, ImageFont

    rng = np.random.default_rng([seed, 11])
    size = LARGE
    y, x = np.mgrid[0:size, 0:size] / size
    photos = photographs()
    font = ImageFont.load_default()
    pictures = np.zeros((count, size, size), np.uint8)
    for index in range(count):
        kind = int(rng.integers(6))
        if kind == 0:
            plane = np.full((size, size), rng.uniform(0, 255))
        elif kind == 1:
            turn = rng.uniform(0, 2 * np.pi)
            plane = 127 + 127 * np.sin(rng.uniform(0.5, 30) * (x * np.cos(turn) + y * np.sin(turn)))
        elif kind == 2:
            cells = int(rng.choice([6, 24, 96, 384]))
            grain = Image.fromarray(rng.uniform(0, 255, (cells, cells)).astype(np.float32))
            plane = np.asarray(grain.resize((size, size), Image.Resampling.BILINEAR))
        elif kind == 3 or not photos:
            screen = Image.new("L", (size, size), int(rng.integers(256)))
            pen = ImageDraw.Draw(screen)
            for _ in range(int(rng.integers(4, 40))):
                a, b = rng.integers(0, size, 2).tolist()
                w, h = rng.integers(10, 200, 2).tolist()
                if rng.random() < 0.4:
                    pen.rectangle((a, b, a + w, b + h // 3), fill=int(rng.integers(256)))
                words = " ".join(str(v) for v in rng.integers(0, 9999, 4))
                pen.text((a, b), words, fill=int(rng.integers(256)), font=font)
            plane = np.asarray(screen, dtype=np.float64)
        else:
            photo = Image.fromarray(photos[int(rng.integers(len(photos)))])
            share = rng.uniform(0.4, 1.0)
            w, h = int(photo.width * share), int(photo.height * share)
            left, top = int(rng.integers(photo.width - w + 1)), int(rng.integers(photo.height - h + 1))
            plane = np.asarray(letterbox(photo.crop((left, top, left + w, top + h)), size), dtype=np.float64)
        pictures[index] = np.clip(plane, 0, 255)
    return pictures
