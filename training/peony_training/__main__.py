"""`python -m peony_training train|export|evaluate|pictures|clips|fixtures`: see README.md."""

import argparse
from pathlib import Path

import torch

from peony_training import clips
from peony_training.fixtures import write_letterbox_fixtures
from peony_training.plan import Place, recipes, train_all
from peony_training.release import Order, draw_pictures, evaluate_model, release


def main() -> None:
    """Read the command line and run one command."""
    options = command_line().parse_args()
    match options.command:
        case "train":
            train(options)
        case "export":
            release(
                Order(
                    data=options.data,
                    phantom=options.phantom,
                    runs=options.runs,
                    run=options.run,
                    held=options.held,
                    version=options.version,
                    models=options.models,
                    limits=tuple(options.limit),
                    command=options.trained_by,
                )
            )
        case "evaluate":
            evaluate_model(options.data, options.model)
        case "pictures":
            draw_pictures(options.data, options.model, options.out or options.model.parent, options.runs)
        case "clips":
            o = options
            written = clips.write_clips(clips.Order(o.data, o.out, o.split, o.seed, o.count, o.frames, o.fps))
            print(f"{written} clips in {o.out}")
        case "fixtures":
            write_letterbox_fixtures(options.models / "fixtures" / "letterbox")


def train(options: argparse.Namespace) -> None:
    every = recipes(options.teacher_epochs, options.epochs, options.clip_epochs, options.seed)
    chosen = [recipe for recipe in every if not options.only or recipe.name in options.only]
    if not chosen:
        raise SystemExit(f"--only names no run; there are {', '.join(recipe.name for recipe in every)}")
    place = Place(options.data, options.phantom, options.cache, options.runs, options.device, options.seed)
    train_all(place, chosen, options.jobs)


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="peony_training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    training = commands.add_parser("train", help="train all that ships; goes on where it stopped")
    training.add_argument("--cache", type=Path, help="folder that keeps the letterboxed pictures for the next run")
    training.add_argument("--teacher-epochs", type=int, default=18)
    training.add_argument("--epochs", type=int, default=28)
    training.add_argument("--clip-epochs", type=int, default=5)
    training.add_argument("--only", action="append", help="this run alone (may be repeated)")
    training.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    training.add_argument("--jobs", type=int, default=1, help="runs at once, each in a process of its own")
    training.add_argument("--seed", type=int, default=0)

    exporting = commands.add_parser("export", help="write the ONNX file, its card, figures, pictures and fixtures")
    exporting.add_argument("--run", default="student", help="the run to export: RUNS/RUN.pt")
    exporting.add_argument(
        "--held",
        type=int,
        help="the fold that the run left out; without it RUN-0 to RUN-4 are read, as far as they exist",
    )
    exporting.add_argument("--version", required=True)
    exporting.add_argument("--limit", action="append", default=[], help="a further sentence for the card's limits")
    exporting.add_argument("--trained-by", help="how the run was made, for the card, where it was not the plan alone")

    evaluating = commands.add_parser("evaluate", help="print the figures of an exported model on val")
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

    for command in (training, exporting):
        command.add_argument("--phantom", type=Path, help="frames that the phantom's example `bursts` wrote")
    for command in (training, exporting, drawing):
        command.add_argument("--runs", type=Path, required=True, help="folder of checkpoints and logs")
    for command in (training, exporting, evaluating, drawing, clipping):
        command.add_argument("--data", type=Path, required=True, help="folder that holds cases.csv")
    for command in (evaluating, drawing):
        command.add_argument("--model", type=Path, required=True, help="model.onnx, its card beside it")
    for command in (exporting, writing):
        command.add_argument("--models", type=Path, default=Path("../models"), help="the repository's models folder")
    return parser


if __name__ == "__main__":
    main()
