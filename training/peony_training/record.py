"""`metrics.json` beside a model: what was measured on that file, part by part, each by the command that measures it."""

import hashlib
import json
import re
from pathlib import Path

from peony_training.evaluate import Figures

# The model in 8-bit integers, beside model.onnx.
TWIN = "model.int8.onnx"


def read(folder: Path) -> Figures:
    """All that was measured on `folder`/model.onnx; nothing where the figures there are of another file, or of none."""
    path = folder / "metrics.json"
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept if kept.get("sha256") == digest(folder) else {}


def keep(folder: Path, parts: Figures) -> None:
    """Put `parts` in the place of those of the same names. Figures of another file go."""
    kept = {**read(folder), **parts}
    if kept.get("sha256") != digest(folder):
        raise SystemExit(f"{folder / 'metrics.json'} holds no figures of this model.onnx: export it first")
    text = json.dumps(kept, indent=2, ensure_ascii=False)
    # An interval, a figure with its interval, and a row of a table are one line each.
    for flat in (r"\[[^][{}]*\]", r"\{[^{}]{,160}\}"):
        text = re.sub(flat, lambda part: " ".join(part[0].split()), text)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def digest(folder: Path, file: str = "model.onnx") -> str:
    return hashlib.sha256((folder / file).read_bytes()).hexdigest()
