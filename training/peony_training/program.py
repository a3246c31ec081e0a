"""What the program itself says with the model, on each engine and in each precision; read from its own JSON."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peony_training import record
from peony_training.card import write_precisions
from peony_training.evaluate import Figures, rounded
from peony_training.page import write_page
from peony_training.pictures import report_confusion
from peony_training.release import MOST_LOST

KEPT = (
    "pictures",
    "patients",
    "dice",
    "auc",
    "auc_delong_ci95",
    "sensitivity_at_specificity_90",
    "graded",
    "ap50",
    "missed",
)
KEPT += ("lesions", "false_masks_on_normals", "normals", "malignancy_by_category", "descriptors")


@dataclass(frozen=True)
class Libraries:
    """Where the engines outside the program are; one that is not named is not measured."""

    onnxruntime: Path | None
    openvino: Path | None

    def engines(self, twin: bool) -> list[tuple[str, Path | None]]:
        """(engine, its library), the one inside, which is what the others are held against, first."""
        outside = [("onnxruntime", self.onnxruntime), ("openvino", self.openvino), ("openvino-bf16", self.openvino)]
        if twin:
            outside.insert(0, ("onnxruntime-int8", self.onnxruntime))
        return [("rten", None), *((name, path) for name, path in outside if path)]


# Why a picture was not read at all, as the program says it.
REFUSING = {"wrong_domain", "no_bmode", "contact_lost"}


def keep_program(
    folder: Path,
    data: Path,
    peony: Path,
    libraries: Libraries,
    exams: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, Path] | None = None,
) -> None:
    """Measure on `val`, put figures and losses into `folder`/metrics.json, the precisions that lose little on the card.

    With `exams` whole examinations too, on the last engine, the fastest where OpenVINO is there: of phantoms, `easy`
    and `hard`, by their seeds `A..B`, and of `clips` in a folder. Those not named keep what was measured before.
    With `elsewhere` also what is made of pictures that are no breast ultrasound, a folder of each kind.
    """
    every = libraries.engines((folder / record.TWIN).exists())
    told = {name: evaluate(folder, data, peony, name, library) for name, library in every}
    first = told["rten"]
    engines = [engine_row(said, first) for said in told.values()]
    of_parts = {key: {name: kept(of) for name, of in first[key].items()} for key in ("datasets", "devices")}
    parts: Figures = {"program": rounded({"engines": engines, **of_parts})}
    if elsewhere:
        parts["elsewhere"] = {kind: made_of(folder, peony, path) for kind, path in elsewhere.items()}
    if exams:
        before = record.read(folder).get("exam", {})
        parts["exam"] = before | {kind: examined(folder, peony, kind, of, every[-1]) for kind, of in exams.items()}
    record.keep(folder, parts)
    agreement = first["datasets"]["all"].get("birads")
    if agreement and agreement.get("matrix"):
        report_confusion(folder, agreement)
    lost = {row["precision"]: max(row["dice_lost"], row["auc_lost"]) for row in engines}
    write_precisions(folder / "card.toml", [name for name, most in lost.items() if most <= MOST_LOST])
    write_page(folder)


def examined(folder: Path, peony: Path, kind: str, of: str, engine: tuple[str, Path | None]) -> Figures:
    """What `peony bench exam` counts, with its intervals."""
    which = {"easy": ["--seeds", of], "hard": ["--seeds", of, "--hard"], "clips": ["--clips", of]}[kind]
    said = call(peony, ["bench", "exam", *which, "--json", *model_arguments(folder, *engine)])
    return rounded({"engine": engine[0], **{name: part for name, part in said.items() if name != "by_dataset"}})


def evaluate(folder: Path, data: Path, peony: Path, engine: str, library: Path | None) -> Figures:
    """`peony evaluate --json` on `val`. An engine that gave way to another is an error: nobody asked for that one."""
    command = ["evaluate", "--cases", str(data / "cases.csv"), "--root", str(data), "--split", "val", "--json"]
    said = call(peony, [*command, *model_arguments(folder, engine, library)])
    by, (asked, _, precision) = said["provenance"], engine.partition("-")
    if by["sha256"] != record.digest(folder, *([record.TWIN] if precision == "int8" else [])):
        raise SystemExit(f"{peony} read another model than {folder}")
    if not by["provider"].endswith("cpu" if asked == "onnxruntime" else asked) or (
        by["precision"] != (precision or "fp32")
    ):
        raise SystemExit(f"asked for {engine}, {by['provider']} in {by['precision']} ran")
    return said


def made_of(folder: Path, peony: Path, pictures: Path) -> Figures:
    """What `peony analyze` makes of pictures that it should refuse, frame by frame."""
    command = ["analyze", "--json", *model_arguments(folder, "rten", None), str(pictures)]
    # It fails where something was not read: that is what is counted.
    done = subprocess.run([peony, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    marked = [frame for frame in frames if frame["findings"]]
    refused = [frame for frame in frames if REFUSING & {issue["code"] for issue in frame["quality"]}]
    graded = [frame for frame in marked if any(finding["birads"] for finding in frame["findings"])]
    counted = {"frames": frames, "refused": refused, "marked": marked, "graded": graded}
    return {
        "files": len({frame["file"] for frame in frames}),
        **{name: len(part) for name, part in counted.items()},
        "files_marked": len({frame["file"] for frame in marked}),
    }


def kept(figures: Figures) -> Figures:
    """What the page shows of one set; plots and tables are in the program's own report."""
    parts = {name: figures[name] for name in KEPT if figures.get(name) is not None}
    for name, inner in (("birads", "kappa"), ("calibration", "ece")):
        if figures.get(name):
            parts[name] = {inner: figures[name][inner]}
    return parts


def engine_row(said: Figures, first: Figures) -> Figures:
    """One engine: what it reaches, and what that is below the first."""
    figures, yardstick = said["datasets"]["all"], first["datasets"]["all"]
    reached = {name: figures[name]["value"] for name in ("dice", "auc")}
    return {
        "engine": said["provenance"]["provider"],
        "precision": said["provenance"]["precision"],
        **reached,
        **{f"{name}_lost": yardstick[name]["value"] - value for name, value in reached.items()},
        "missed": figures["missed"],
        "false_masks_on_normals": figures["false_masks_on_normals"],
    }


def model_arguments(folder: Path, engine: str, library: Path | None) -> list[str]:
    return ["--model", str(folder), "--engine", engine, *(["--library", str(library)] if library else [])]


def call(peony: Path, arguments: list[str]) -> Figures:
    """The program's JSON, which is the last line that it writes or all of it."""
    done = subprocess.run([peony, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    text = done.stdout.strip()
    return json.loads(text if text.startswith("{\n") else text.splitlines()[-1])
