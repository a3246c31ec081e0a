"""What the model is to reach, and what of it was reached: the first table of its page."""

from peony_training.data import NAMES
from peony_training.evaluate import Figures
from peony_training.written import error_of, ratio, share, table, value

# The share of malignant lesions in each category, from and to, as the lexicon has it.
BOUNDS = {"2": (0, 0), "3": (0, 0.02), "4A": (0.02, 0.10), "4B": (0.10, 0.50), "4C": (0.50, 0.95), "5": (0.95, 1)}

# What the model is to reach: (what, on `val`, on a set left out, whether more is better).
DICE, AUC, ERROR = (0.88, 0.82), (0.94, 0.90), (0.04, 0.08)
MOST_FALSE_MASKS, MOST_FALSE_ALARMS, LEAST_FOUND, MOST_LOST, MOST_MOVED = 0.10, 1.0, 0.95, 0.005, 0.02
MOST_MILLISECONDS = 2

# So many normal pictures of a set that was left out are a share worth a row.
FEWEST_NORMALS = 20

EXAMS = {"easy": "phantoms, easy masses", "hard": "phantoms, hard masses", "clips": "clips drawn from `val`"}


def targets(told: Figures) -> str:
    """Every target with what was reached, of the network alone unless it says otherwise."""
    val = told["val"]["sets"]["all"]
    rows = [
        target("Dice on `val`", value(val, "dice"), val["dice"], DICE[0]),
        target("malignancy AUC on `val`", value(val, "auc"), val["auc"], AUC[0]),
        target("calibration error on `val`", error_of(val), val["calibration_error"], ERROR[0], False),
        *normals_target(told),
        *categories_target(told),
    ]
    for name, of in told.get("without_set", {}).items():
        at = f"{NAMES[name]}, left out of training"
        rows += [
            target(f"Dice on {at}", value(of, "dice"), of["dice"], DICE[1]),
            target(f"malignancy AUC on {at}", value(of, "auc"), of["auc"], AUC[1]),
            target(
                f"calibration error on {at}, as learned and not calibrated",
                of["calibration_error"],
                of["calibration_error"],
                ERROR[1],
                False,
            ),
        ]
        if of["normals"] >= FEWEST_NORMALS:
            masked = share(of["false_masks_on_normals"], of["normals"])
            rows.append([f"normals with a false mask on {at}", masked, "no aim was set"])
    missing = [NAMES[name] for name in ("busi", "busbra", "breast") if name not in told.get("without_set", {})]
    if missing:
        rows.append([f"{', '.join(missing)} left out of training", "not measured", "Dice 0.82, AUC 0.90, error 0.08"])
    marks = told["val"]["marks"]
    moved = max(abs(marks[name]["auc_change"]) for name in ("laid", "removed"))
    put, looks = (marks["laid"][f"{name}_where_none_was"] for name in ("lesions_put", "looks"))
    rows += [
        target("AUC moved by marks laid on or taken out", moved, moved, MOST_MOVED, False),
        target("lesions put by marks on pictures without one, marked anew ten times", share(put, looks), put, 0, False),
        *(target(f"Dice and AUC lost in {name}", lost, lost, MOST_LOST, False) for name, lost in losses(told)),
    ]
    rows += [*memory_target(told), *speed_target(told), *exam_targets(told.get("exam", {}))]
    return "## Targets\n\n" + table(["figure", "reached", "aimed at"], rows)


def normals_target(told: Figures) -> list[list[object]]:
    """False masks where 95 % of the lesions are found: with the card's threshold, and with the one that finds them."""
    val, at = told["val"]["sets"]["all"], told["val"].get("lesions_95")
    ways = [(val, "with the thresholds of the card")]
    if at and val["lesions_found"] < LEAST_FOUND * val["lesions"]:
        ways.append((at, f"with `lesion` at {at['lesion']}, set on `val` for this row alone"))
    return [
        target(
            f"normals with a false mask, where {found_in(of)} lesions are found ({words})",
            share(of["false_masks_on_normals"], of["normals"]),
            ratio(of["false_masks_on_normals"], of["normals"]),
            MOST_FALSE_MASKS,
            False,
        )
        for of, words in ways
    ]


def found_in(of: Figures) -> str:
    return f"{of['lesions_found']} of {of['lesions']} ({100 * ratio(of['lesions_found'], of['lesions']):.1f} %)"


def categories_target(told: Figures) -> list[list[object]]:
    """Whether as many are malignant in each category as the lexicon says, of what the program proposes."""
    rows = proposed_categories(told)
    outside = [row for row in rows if not within(row)]
    if not rows:
        return []
    listed = "".join(f"; not {row['category']}: {share(row['malignant'], row['pictures'])}" for row in outside)
    return [
        [
            "BI-RADS categories proposed on `val` in which the share of malignant lesions is the lexicon's",
            f"{len(rows) - len(outside)} of {len(rows)}{listed}",
            f"all, {'**missed**' if outside else 'reached'}",
        ]
    ]


def proposed_categories(told: Figures) -> list[Figures]:
    return told.get("program", {}).get("datasets", {}).get("all", {}).get("malignancy_by_category", [])


def within(row: Figures) -> bool:
    """Whether the share that was seen, for itself, lies in the lexicon's range."""
    low, high = BOUNDS[row["category"]]
    return low <= ratio(row["malignant"], row["pictures"]) <= high


def memory_target(told: Figures) -> list[list[object]]:
    trial = told.get("memory")
    if not trial:
        return []
    told_apart = [trial[name]["false_alarm_episodes_a_minute"] for name in ("memory", "plain")]
    return [
        [
            "false alarms a minute of the bare network with a memory, against without one",
            f"{told_apart[0]:.1f} against {told_apart[1]:.1f}",
            f"fewer, {'reached' if told_apart[0] < told_apart[1] else '**missed**'}",
        ]
    ]


def speed_target(told: Figures) -> list[list[object]]:
    """The network in bf16, on the machine of BENCHMARKS."""
    of = told.get("speed")
    if not of:
        return [["ms a frame of the network in bf16", "not measured here: see BENCHMARKS", f"≤ {MOST_MILLISECONDS}"]]
    ways = [
        (
            "alone, one round after the other",
            of["alone"]["p50"],
            f" ({of['alone']['rounds'][0]}–{of['alone']['rounds'][1]})",
        ),
        ("within the live pipeline", of["live"]["p50"], ""),
    ]
    return [
        target(
            f"ms a frame of the network in bf16 on {of['threads']} threads, {words} (median; OpenVINO)",
            f"{figure}{spread}",
            figure,
            MOST_MILLISECONDS,
            False,
        )
        for words, figure, spread in ways
    ]


def exam_targets(exam: Figures) -> list[list[object]]:
    """Whole examinations, as far as `peony bench exam` was run: of phantoms, and of clips drawn from `val`."""
    rows = []
    for kind, words in EXAMS.items():
        of = exam.get(kind)
        if not of:
            rows.append([f"lesions found, false alarms: {words}", "not measured here: see BENCHMARKS", exam_aims()])
            continue
        found, ends = of["detect"], of.get("ci95", {})
        if kind != "clips":
            words = f"{words}, seeds {of['seeds'][0]} to {of['seeds'][1] - 1}"
        if found.get("lesions"):
            counted = f"{found['lesions_found']} of {found['lesions']}{between(ends, 'detect.sensitivity')}"
            rows.append(target(f"lesions found: {words}", counted, found["sensitivity"], LEAST_FOUND))
        for name, count, where in (
            ("false_per_min", "false_alarms", "with lesions and without"),
            ("false_per_min_lesion_free", "false_alarms_lesion_free", "without a lesion"),
        ):
            if found.get(name) is not None:
                interval = between(ends, f"detect.{name}", 2)
                counted = f"{found[count]}, or {found[name]:.2f}{interval}"
                what = f"false alarms a minute: {words}, {where}"
                rows.append(target(what, counted, found[name], MOST_FALSE_ALARMS, False))
    return rows


def exam_aims() -> str:
    return f"≥ {LEAST_FOUND}, ≤ {MOST_FALSE_ALARMS} a minute"


def between(ends: Figures, name: str, places: int = 3) -> str:
    return f" ({ends[name][0]:.{places}f}–{ends[name][1]:.{places}f})" if name in ends else ""


def target(what: str, reached: object, figure: float, bound: float, least: bool = True) -> list[object]:
    hit = figure >= bound if least else figure <= bound
    return [what, reached, f"{'≥' if least else '≤'} {bound}, {'reached' if hit else '**missed**'}"]


def losses(told: Figures) -> list[tuple[str, float]]:
    """The most that each lower precision loses of Dice and AUC."""
    rows = told.get("program", {}).get("engines", [])
    lost = [(row["precision"], max(row["dice_lost"], row["auc_lost"])) for row in rows if row["precision"] != "fp32"]
    if "int8" in told and "int8" not in dict(lost):
        lost.append(("int8", max(told["int8"]["dice_lost"], told["int8"]["auc_lost"])))
    return lost
