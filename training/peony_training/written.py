"""Figures as the page has them: tables, intervals, counts."""

from collections.abc import Iterable, Mapping, Sequence

from peony_training.evaluate import Figures
from peony_training.metrics import wilson


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(columns), *([number(part) for part in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def number(part: object) -> str:
    """A figure as it stands, without noughts behind it; words as they are, a table's own sign taken out."""
    if isinstance(part, float):
        return f"{part:.4f}".rstrip("0").rstrip(".") if part else "0"
    return str(part).replace("|", "/")


def value(of: Figures, name: str) -> str:
    """A figure with its interval, three places."""
    if name not in of:
        return "–"
    interval = of.get(f"{name}_ci95")
    return f"{of[name]:.3f} ({span(interval)})" if interval else f"{of[name]:.3f}"


def estimate(of: Mapping[str, object] | None) -> str:
    """The same of the program's JSON."""
    if not of or of.get("value") is None:
        return "–"
    return f"{of['value']:.3f} ({span(of['ci95'])})" if of.get("ci95") else f"{of['value']:.3f}"


def error_of(of: Figures) -> str:
    """A calibration error, which has an interval where it was made with one."""
    interval = of.get("calibration_error_ci95")
    figure = number(of["calibration_error"])
    return f"{figure} ({span(interval)})" if interval else figure


def span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.3f}–{interval[1]:.3f}"


def share(hits: int, n: int) -> str:
    """A count with Wilson's interval of its share."""
    return f"{hits} of {n} ({span(wilson(hits, n))})" if n else "0 of 0"


def ratio(hits: int, n: int) -> float:
    return hits / n if n else 0.0
