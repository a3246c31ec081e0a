"""The report as pictures: curves and tables that may be published, and the worst readings, which may not be.

BUSI's terms do not allow redistribution: sheets of patients' pictures lie beside the runs, never in the repository.
"""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw
from skimage.morphology import dilation

from peony_training.data import NAMES, Case, load_mask, load_picture
from peony_training.evaluate import Figures, malignant, risks, sets_of
from peony_training.metrics import auc, wilson
from peony_training.preprocess import letterbox
from peony_training.reading import Model, Reading, Thresholds, read_still

WORST, COLUMNS, TILE = 20, 5, 256
TRUE_COLOUR, DRAWN_COLOUR, WORD_COLOUR = (80, 220, 120), (255, 140, 60), (255, 255, 120)
COLOURS = 64


def report_pictures(folder: Path, readings: list[Reading], figures: Figures) -> None:
    """`roc.png` and `reliability.png` in `folder`; `figures` are those of the same readings."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn(folder / "roc.png", lambda axes: draw_roc(axes, readings))
    drawn(folder / "reliability.png", lambda axes: draw_reliability(axes, figures))


def report_confusion(folder: Path, agreement: Figures) -> None:
    """`confusion.png` in `folder`: what the program proposes against what readers gave, of `peony evaluate --json`."""
    drawn(folder / "confusion.png", lambda axes: draw_confusion(axes, agreement))


def drawn(path: Path, draw: Callable[[plt.Axes], None]) -> None:
    figure, axes = plt.subplots(figsize=(5, 4.6), dpi=110, layout="constrained")
    draw(axes)
    figure.savefig(path)
    plt.close(figure)
    shrink(path)


def shrink(path: Path) -> None:
    """Few colours say as much, in a quarter of the bytes."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS)
    few.save(path, optimize=True)


def shrink_sheet(path: Path) -> None:
    """The same for greys with thin coloured lines, whose colours would be lost among the greys."""
    greys = [round(step * 255 / (COLOURS - 4)) for step in range(COLOURS - 3)]
    colours = [level for grey in greys for level in (grey, grey, grey)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*colours, *TRUE_COLOUR, *DRAWN_COLOUR, *WORD_COLOUR])
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def draw_roc(axes: plt.Axes, readings: list[Reading]) -> None:
    parts = sets_of([r for r in readings if r.case.has_lesion])
    # One set alone is all: its curve would hide under the other.
    for name, part in parts if len(parts) > 2 else parts[-1:]:
        score, positive = risks(part), malignant(part)
        order = np.argsort(-score, kind="stable")
        hits, alarms = (np.concatenate([[0], np.cumsum(kind[order]) / kind.sum()]) for kind in (positive, ~positive))
        label = f"{NAMES.get(name, name)}: AUC {auc(score, positive):.3f}, n = {len(part)}"
        axes.plot(alarms, hits, label=label, linewidth=2.5 if name == "all" else 1.2)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="benign called malignant", ylabel="malignant called malignant", title="Malignancy, val")
    axes.legend(loc="lower right", fontsize=8)


def draw_reliability(axes: plt.Axes, figures: Figures) -> None:
    bins = figures["reliability"]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axes.plot([b["predicted"] for b in bins], [b["observed"] for b in bins], marker="o")
    ends = np.array([wilson(round(b["observed"] * b["n"]), b["n"]) for b in bins]).T
    axes.vlines([b["predicted"] for b in bins], *ends, color="C0", linewidth=1.0, alpha=0.6)
    for b in bins:
        axes.annotate(str(b["n"]), (b["predicted"], b["observed"]), (4, -10), textcoords="offset points", fontsize=8)
    of = figures["sets"]["all"]
    interval = of.get("calibration_error_ci95")
    between = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
    title = f"Calibration, val: error {of['calibration_error']:.3f}{between}\ncounts beside the points; bars: 95 %"
    axes.set(xlabel="predicted malignancy", ylabel="observed share malignant", title=title)


def draw_confusion(axes: plt.Axes, agreement: Figures) -> None:
    table = np.array(agreement["matrix"])
    share = table / np.maximum(table.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (y, x), count in np.ndenumerate(table):
        axes.text(x, y, str(count), ha="center", va="center", color="white" if share[y, x] > 0.5 else "black")
    places = range(len(agreement["scale"]))
    axes.set_xticks(places, agreement["scale"])
    axes.set_yticks(places, agreement["scale"])
    kappa = (agreement.get("kappa") or {}).get("value")
    weighted = f"weighted kappa {kappa:.2f}, " if kappa is not None else ""
    title = f"BI-RADS, val: {weighted}n = {agreement['pictures']}"
    axes.set(xlabel="proposed by the program", ylabel="given by the reader", title=title)


def worst_pictures(folder: Path, model: Model, root: Path, readings: list[Reading], thresholds: Thresholds) -> None:
    """`worst-SET.png` in `folder`: the twenty lowest Dice of each set, a normal with a finding counted as 0."""
    folder.mkdir(parents=True, exist_ok=True)

    def badness(reading: Reading) -> float:
        return reading.dice if reading.dice is not None else float(not reading.findings(thresholds))

    for name, part in sets_of(readings)[:-1]:
        tiles = [tile(model, root, r.case, thresholds) for r in sorted(part, key=badness)[:WORST]]
        rows = -(-len(tiles) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * TILE, rows * TILE))
        for place, picture in enumerate(tiles):
            sheet.paste(picture, (place % COLUMNS * TILE, place // COLUMNS * TILE))
        sheet.save(folder / f"worst-{name}.png")
        shrink_sheet(folder / f"worst-{name}.png")


def tile(model: Model, root: Path, case: Case, thresholds: Thresholds) -> Image.Image:
    """One picture with the true outline in green and the drawn one in orange."""
    picture = load_picture(root, case)
    reading, drawn = read_still(model, root, case, thresholds.mask)
    shown = np.stack([np.asarray(letterbox(picture, TILE))] * 3, -1)
    masks = (np.asarray(load_mask(root, case, picture.size)), drawn.astype(np.uint8) * 255)
    for mask, colour in zip(masks, (TRUE_COLOUR, DRAWN_COLOUR), strict=True):
        on = np.asarray(letterbox(Image.fromarray(mask), TILE)) > 127
        shown[dilation(on) & ~on] = colour
    made = Image.fromarray(shown)
    risk = float(risks([reading])[0])
    words = [Path(case.image).stem, case.pathology, f"risk {risk:.2f}", f"lesion {reading.frame['lesion']:.2f}"]
    words += [f"Dice {reading.dice:.2f}"] if reading.dice is not None else []
    write_words(made, words)
    return made


def write_words(picture: Image.Image, words: list[str]) -> None:
    """One a line in the upper left corner, on black: skin is as bright as they are."""
    pen, text = ImageDraw.Draw(picture), "\n".join(words)
    pen.fontmode = "1"  # sharp: between two colours there is none in the palette of a sheet
    _, _, right, bottom = pen.textbbox((4, 4), text)
    pen.rectangle((0, 0, right + 3, bottom + 3), fill=(0, 0, 0))
    pen.text((4, 4), text, fill=WORD_COLOUR)
