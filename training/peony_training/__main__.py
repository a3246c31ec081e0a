"""`python -m peony_training release`, or its parts one by one: see README.md."""

import argparse
from pathlib import Path

import torch

from peony_training import clips, failures, program
from peony_training.fit import Recipe
from peony_training.fixtures import write_letterbox_fixtures, write_mask_fixtures
from peony_training.page import write_page
from peony_training.plan import Place, described, only, recipes, small_recipes, train_all
from peony_training.release import Order, draw_pictures, evaluate_model, keep_without_sets, release
from peony_training.words import Lesson, learn


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and run one command. A file that cannot be read is one line."""
    options = command_line().parse_args(arguments)
    try:
        run(options)
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error


def run(options: argparse.Namespace) -> None:
    match options.command:
        case "release":
            whole_release(options)
        case "train":
            train(options)
        case "words":
            teach_words(options)
        case "export":
            release(order_of(options, options.run, options.held))
        case "without":
            keep_without_sets(options.data, options.runs, options.run, options.models / "peony-us")
        case "program":
            measure_program(options)
        case "failures":
            failures.keep_failures(options.models / "peony-us", options.frames)
        case "page":
            write_page(options.models / "peony-us")
        case "evaluate":
            evaluate_model(options.data, options.model, options.keep)
        case "pictures":
            draw_pictures(options.data, options.model, options.out or options.model.parent, options.runs)
        case "clips":
            o = options
            written = clips.write_clips(clips.Order(o.data, o.out, o.split, o.seed, o.count, o.frames, o.fps))
            print(f"{written} clips in {o.out}")
        case "fixtures":
            write_letterbox_fixtures(options.models / "fixtures" / "letterbox")
            write_mask_fixtures(options.models / "fixtures" / "masks")


def whole_release(options: argparse.Namespace) -> None:
    """Train the plan, export what ships, and measure whatever the call gives the means for."""
    plan = plan_of(options)
    if options.dry_run:
        print("\n".join(described(recipe, options.runs) for recipe in plan))
        return
    train(options)
    release(order_of(options, "student-plain-0", 0) if options.small else order_of(options, "student-plain", None))
    if options.frames:
        failures.keep_failures(options.models / "peony-us", options.frames)
    if options.peony:
        measure_program(options)


def train(options: argparse.Namespace) -> None:
    train_all(place_of(options), plan_of(options), options.jobs)


def teach_words(options: argparse.Namespace) -> None:
    place = place_of(options)
    shelf, folds = place.shelf()
    lesson = Lesson(options.run, options.start, options.held, options.epochs, seed=options.seed)
    learn(lesson, place.runs, shelf, folds)


def place_of(options: argparse.Namespace) -> Place:
    return Place(options.data, options.phantom, options.cache, options.runs, options.device, options.seed)


def plan_of(options: argparse.Namespace) -> list[Recipe]:
    if options.small:
        every = small_recipes(options.teacher_epochs, options.epochs, options.clip_epochs, options.seed)
    else:
        every = recipes(options.teacher_epochs, options.epochs, options.clip_epochs, options.seed)
    return only(every, options.only)


def order_of(options: argparse.Namespace, run: str, held: int | None) -> Order:
    return Order(
        data=options.data,
        phantom=options.phantom,
        runs=options.runs,
        run=run,
        held=held,
        version=options.version,
        models=options.models,
        limits=tuple(options.limit),
        command=options.trained_by,
        chosen_with=options.chosen_with,
    )


def measure_program(options: argparse.Namespace) -> None:
    libraries = program.Libraries(options.onnxruntime, options.openvino)
    folder = options.models / "peony-us"
    exams = {"easy": options.exam, "hard": options.exam_hard, "clips": options.exam_clips}
    exams = {name: of for name, of in exams.items() if of}
    program.keep_program(folder, options.data, options.peony, libraries, exams, dict(options.elsewhere))


def kind_of_picture(text: str) -> tuple[str, Path]:
    kind, _, folder = text.partition("=")
    if not kind or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND=FOLDER with a folder that is there")
    return kind, Path(folder)


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="peony_training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    releasing = commands.add_parser("release", help="train all that ships, export it, write its card and page")
    releasing.add_argument("--dry-run", action="store_true", help="say which runs there are and which are done")
    training = commands.add_parser("train", help="train all that ships; goes on where it stopped")
    teaching = commands.add_parser("words", help="go on with the words of a network that ships, all else as it is")
    teaching.add_argument("--start", type=Path, required=True, help="its model.onnx")
    teaching.add_argument("--run", required=True, help="the name of what comes of it: RUNS/RUN.pt")
    teaching.add_argument("--held", type=int, help="the fold that it left out, left out again")
    teaching.add_argument("--epochs", type=int, default=Lesson.epochs)
    for command in (releasing, training, teaching):
        command.add_argument("--cache", type=Path, help="folder that keeps the letterboxed pictures for the next run")
        command.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        command.add_argument("--seed", type=int, default=0)
    for command in (releasing, training):
        command.add_argument("--small", action="store_true", help="what two cores can do: one teacher, no memory")
        command.add_argument("--teacher-epochs", type=int, default=18)
        command.add_argument("--epochs", type=int, default=96, help="of stills")
        command.add_argument("--clip-epochs", type=int, default=5)
        command.add_argument("--only", action="append", help="this run alone (may be repeated)")
        command.add_argument("--jobs", type=int, default=1, help="runs at once, each in a process of its own")

    exporting = commands.add_parser("export", help="write the ONNX file, its card, figures, page and fixtures")
    exporting.add_argument("--run", default="student-plain", help="the run to export: RUNS/RUN.pt")
    exporting.add_argument(
        "--held",
        type=int,
        help="the fold that the run left out; without it RUN-0 to RUN-4 are read, as far as they exist",
    )
    for command in (releasing, exporting):
        command.add_argument("--version", required=True)
        command.add_argument("--limit", action="append", default=[], help="a further sentence for the card's limits")
        command.add_argument(
            "--chosen-with",
            type=Path,
            metavar="FOLDER",
            help="an earlier release: its thresholds and calibration, for a network that has learned from every fold",
        )
        command.add_argument("--trained-by", help="how the run was made, for the card, where it was not the plan")

    leaving = commands.add_parser("without", help="measure again the runs that left a data set out")
    leaving.add_argument("--run", default="student-plain", help="the stem of their names: RUNS/RUN-SET.pt")
    measuring = commands.add_parser("program", help="measure the program: its answers in each precision")
    for command, must in ((measuring, True), (releasing, False)):
        command.add_argument("--peony", type=Path, required=must, help="the program, `target/release/peony`")
        command.add_argument("--onnxruntime", type=Path, help="an ONNX Runtime library")
        command.add_argument("--openvino", type=Path, help="an ONNX Runtime library with OpenVINO inside")
        command.add_argument("--exam", metavar="A..B", help="seeds of phantoms for `peony bench exam`; takes long")
        command.add_argument("--exam-hard", metavar="A..B", help="seeds of phantoms with hard masses")
        command.add_argument("--exam-clips", metavar="CLIPS", help="folder that `clips` wrote")
        command.add_argument(
            "--elsewhere",
            metavar="KIND=FOLDER",
            type=kind_of_picture,
            action="append",
            default=[],
            help="pictures that are no breast ultrasound, and what they are (may be repeated)",
        )
    failing = commands.add_parser("failures", help="draw what goes wrong on phantoms")
    for command, must in ((failing, True), (releasing, False)):
        command.add_argument("--frames", type=Path, required=must, help="what the phantom's example `frames` wrote")
    paging = commands.add_parser("page", help="write the model's page again, from its card and its figures")

    evaluating = commands.add_parser("evaluate", help="print the figures of an exported model on val")
    evaluating.add_argument("--keep", action="store_true", help="also put them into metrics.json and onto the page")
    drawing = commands.add_parser("pictures", help="draw the report's pictures of an exported model again")
    drawing.add_argument("--out", type=Path, help="folder of the curves; without it, the model's")
    clipping = commands.add_parser("clips", help="write clips drawn from stills, for `peony bench exam --clips`")
    clipping.add_argument("--out", type=Path, required=True, help="folder of the clips")
    clipping.add_argument("--split", default="val", help="which stills: those whose `split` column says this")
    clipping.add_argument("--seed", type=int, default=0)
    clipping.add_argument("--count", type=int, default=84, help="how many, of each data set and pathology in turn")
    clipping.add_argument("--frames", type=int, default=120, help="frames of each")
    clipping.add_argument("--fps", type=int, default=20)
    writing = commands.add_parser("fixtures", help="write the pictures that the Rust letterbox is compared on")

    for command in (releasing, training, teaching, exporting):
        command.add_argument("--phantom", type=Path, help="frames that the phantom's example `bursts` wrote")
    for command in (releasing, training, teaching, exporting, leaving, drawing):
        command.add_argument("--runs", type=Path, required=True, help="folder of checkpoints and logs")
    for command in (releasing, training, teaching, exporting, leaving, measuring, evaluating, drawing, clipping):
        command.add_argument("--data", type=Path, required=True, help="folder that holds cases.csv")
    for command in (evaluating, drawing):
        command.add_argument("--model", type=Path, required=True, help="model.onnx, its card beside it")
    for command in (releasing, exporting, leaving, measuring, failing, paging, writing):
        command.add_argument("--models", type=Path, default=Path("../models"), help="the repository's models folder")
    return parser


if __name__ == "__main__":
    main()
