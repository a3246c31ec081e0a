"""`python -m peony_training train|evaluate|export|fixtures`: see README.md."""

import argparse
from pathlib import Path

from peony_training.data import hold_out, read_cases
from peony_training.fixtures import write_letterbox_fixtures
from peony_training.release import figures, release
from peony_training.train import HELD_SHARE, Settings, train


def main() -> None:
    """Read the command line and run one command."""
    options = command_line().parse_args()
    match options.command:
        case "train":
            settings = Settings(epochs=options.epochs, seed=options.seed)
            train(options.data, options.run, options.cache, settings)
        case "export":
            checkpoint = options.run / options.checkpoint
            release(options.data, checkpoint, options.models, options.version, tuple(options.limit))
        case "evaluate":
            learned = [case for case in read_cases(options.data) if case.split == "train"]
            figures(options.data, options.model, hold_out(learned, HELD_SHARE, options.seed)[1])
        case "fixtures":
            write_letterbox_fixtures(options.models / "fixtures" / "letterbox")


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="peony_training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    training = commands.add_parser("train", help="train on the train split; resumes the run where it stopped")
    training.add_argument("--epochs", type=int, default=Settings.epochs)
    training.add_argument("--cache", type=Path, help="folder that keeps the letterboxed pictures for the next run")
    exporting = commands.add_parser("export", help="write the ONNX file, its card, its figures on val, and fixtures")
    exporting.add_argument("--checkpoint", default="best.pt", help="file in the run's folder")
    exporting.add_argument("--version", required=True)
    exporting.add_argument("--limit", action="append", default=[], help="a further sentence for the card's limits")
    evaluating = commands.add_parser("evaluate", help="print the figures of an exported model")
    evaluating.add_argument("--model", type=Path, required=True, help="model.onnx")
    writing = commands.add_parser("fixtures", help="write the pictures that the Rust letterbox is compared on")

    for command in (training, exporting, evaluating):
        command.add_argument("--data", type=Path, required=True, help="folder that holds cases.csv")
    for command in (training, evaluating):
        command.add_argument("--seed", type=int, default=Settings.seed)
    for command in (training, exporting):
        command.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log")
    for command in (exporting, writing):
        command.add_argument("--models", type=Path, default=Path("../models"), help="the repository's models folder")
    return parser


if __name__ == "__main__":
    main()
