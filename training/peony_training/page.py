"""The model's page for people, `README.md` beside it: made from its card and its figures alone.

A figure that was not measured is not there, and a target that was not measured is called that.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from peony_training import record
from peony_training.data import NAMES
from peony_training.evaluate import Figures
from peony_training.targets import MOST_LOST, proposed_categories, targets, within
from peony_training.written import bullets, error_of, estimate, share, span, table, value

RANGES = {"2": "0 %", "3": "≤ 2 %", "4A": "2–10 %", "4B": "10–50 %", "4C": "50–95 %", "5": "≥ 95 %"}
INTENDED = """\
For research on B-mode ultrasound of the breast, by people who can read such pictures themselves. On each frame it
proposes outlines of lesions, a probability of malignancy, a BI-RADS category that follows from it, and words of the
BI-RADS lexicon; a person confirms, changes or rejects each of them. `peony` shows it stills and live scans."""

NOT_INTENDED = (
    "Diagnosis, triage, screening, or any decision on a patient: it is not a medical device, and nobody has "
    "tested it on patients.",
    "Saying that a breast is normal, or that a lesion is not there: what it does not mark is not thereby healthy.",
    "Other organs, other pictures than B-mode (Doppler, elastography, mammograms, MRI), men, implants, or breasts "
    "after surgery or radiation: nothing was learned of them, but that film mammograms are to be refused.",
    "A biopsy avoided because of a low category: see how many malignant lesions lie in each, below.",
    "A probability for people who are screened: it was calibrated where about a third of the lesions are malignant.",
)

FAILED = {
    "missed": "Missed: nothing is marked on the mass",
    "outline": "Drawn badly: something is marked there, with a Dice below 0.7",
    "grade": "Graded wrongly: a carcinoma at 10 % or less, or a benign mass above 50 %",
    "false": "Marked where there is no mass",
}


def write_page(folder: Path) -> None:
    """Write `folder`/README.md."""
    (folder / "README.md").write_text(page(folder), encoding="utf-8")


def page(folder: Path) -> str:
    """The page as Markdown."""
    card = tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))
    told = record.read(folder)
    if not told:
        raise SystemExit(f"{folder / 'metrics.json'} holds no figures of this model.onnx")
    parts = [
        head(card),
        f"## What it is for\n\n{INTENDED}",
        "## What it is not for\n\n" + bullets(NOT_INTENDED),
        "## Limits\n\n" + bullets(card["limits"]["text"]),
        learned_from(card),
        targets(told),
        on_val(told),
        of_the_program(told),
        left_out(told),
        calibration(told, card),
        categories(told),
        descriptors(told),
        tissue(told),
        elsewhere(told),
        over_time(told),
        known_again(told),
        precision(told),
        failures(told, folder),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(card: Figures) -> str:
    return f"""\
<!-- Made by `python -m peony_training page` from card.toml and metrics.json: change those. -->
# {card["name"]} {card["version"]}

{card["summary"]} {card["gflop"]} GFLOP a frame; weights under {card["licence"]}.
Intervals are 95 %, over patients or groups of near-duplicates (bootstrap; DeLong with groups taken together), Wilson's
for shares. What each figure means and how it is made stands in [training](../../training/README.md); speed, and figures
of whole examinations, in [BENCHMARKS](../../docs/BENCHMARKS.md)."""


def learned_from(card: Figures) -> str:
    data = card["training"]["data"]
    rows = [[row["name"], row["images"], row["patients"], row["terms"], row["source"]] for row in data]
    made = f"{card['training']['epochs']} epochs, seed {card['training']['seed']}: {card['training']['command']}"
    listed = table(["source", "pictures", "patients or groups", "terms", "from"], rows)
    return f"## What it learned from\n\n{listed}\n\nHow: {made}."


def on_val(told: Figures) -> str:
    rows = [set_row(name, of) for name, of in told["val"]["sets"].items()]
    return f"""\
## On `val`, the network alone

Pictures of the same three sets, of patients that it did not learn from. Nothing of the network was chosen on them; of
the program one rule was, in part: that the words of a simple cyst make a 2 up to 10 % was looked at on a held fold and
on seven lesions of these. Dice is that of the whole mask, whether or not it is let through as a finding.

{table(SET_COLUMNS, rows)}

![ROC curves](roc.png)"""


SET_COLUMNS = [
    "data set",
    "pictures (patients)",
    "Dice",
    "AUC",
    "calibration error",
    "lesions found, in place",
    "false mask on normals",
]


def set_row(name: str, of: Figures) -> list[object]:
    return [
        NAMES[name],
        f"{of['n']} ({of['groups']})",
        value(of, "dice"),
        value(of, "auc"),
        error_of(of),
        f"{of['lesions_found']}, {of['lesions_found_in_place']} of {of['lesions']}",
        share(of["false_masks_on_normals"], of["normals"]) if of["normals"] else "no normals",
    ]


def of_the_program(told: Figures) -> str:
    """The program's answer, a data set and a device."""
    if "program" not in told:
        return ""
    parts = {
        **{NAMES.get(name, name): of for name, of in told["program"]["datasets"].items()},
        **{f"device: {name}": of for name, of in told["program"].get("devices", {}).items()},
    }
    rows = [
        [
            name,
            f"{of['pictures']} ({of['patients']})",
            estimate(of.get("dice")),
            estimate(of.get("auc")),
            f"{of['graded']} of {of['lesions']}" if "graded" in of else "–",
            estimate(of.get("sensitivity_at_specificity_90")),
            estimate(of.get("ap50")),
            estimate((of.get("birads") or {}).get("kappa")),
            estimate((of.get("calibration") or {}).get("ece")),
            f"{of['missed']} of {of['lesions']}",
            f"{of['false_masks_on_normals']} of {of['normals']}",
        ]
        for name, of in parts.items()
    ]
    columns = ["pictures (patients)", "Dice", "AUC", "lesions behind it", "sensitivity at 90 % specificity", "AP50"]
    columns += ["BI-RADS kappa"]
    columns += ["calibration error", "lesions missed", "false mask on normals"]
    return f"""\
## On `val`, the program

`peony evaluate --split val --engine rten`: its outlines, thresholds and categories. Kappa is quadratic, against the
category that a reader gave, and compares the 4 undivided where some have no letter. A lesion has a probability wherever
its picture was read and not under colour, found or not. Devices with fewer than 20 pictures are together.

{table(["", *columns], rows)}"""


def left_out(told: Figures) -> str:
    parts = told.get("without_set", {})
    if not parts:
        return "## A data set left out\n\nNot measured for this version."
    rows = [[*set_row(name, of), how(of.get("run"))] for name, of in parts.items()]
    return f"""\
## A data set left out

A network of the same form that never saw any picture of the set, on all of it, `train` and `val`: the nearest to
another hospital that these data allow. The last column says how that network learned; what ships may have had more.
Thresholds are those of the model that ships, which were chosen on a fold that holds that set too; malignancy is not
calibrated.

{table([*SET_COLUMNS, "learned"], rows)}"""


def how(run: Mapping[str, object] | None) -> str:
    if run is None:
        return "not recorded"
    taught = (
        "no teacher" if not run["teachers"] else f"{run['teachers']} teachers" if run["teachers"] > 1 else "a teacher"
    )
    return f"{run['epochs']} epochs of stills, {run['clip_epochs']} of clips, {taught}"


def calibration(told: Figures, card: Figures) -> str:
    fit = card["calibration"]
    rows = [[row["n"], row["predicted"], row["observed"]] for row in told["val"]["reliability"]]
    return f"""\
## Calibration of malignancy

A logistic fit (slope {fit["slope"]}, offset {fit["offset"]}) on {fit["pictures"]} pictures{held_by(told, card)}.
On `val`:

{table(["pictures", "predicted on the mean", "malignant"], rows)}

![Reliability](reliability.png)"""


def held_by(told: Figures, card: Figures) -> str:
    """Whose learning had left out what thresholds and calibration were chosen on; of an earlier network it says so."""
    version = told["held"].get("version", card["version"])
    if version == card["version"]:
        return " held out of learning"
    return f" that {card['name']} {version} had not learned from, with the answers of that network; this one has"


def categories(told: Figures) -> str:
    """What lies in each category, and why few lesions get a 2 or a 3."""
    parts = ["## BI-RADS categories"]
    proposed = proposed_categories(told)
    if proposed:
        rows = [
            [
                row["category"],
                f"{row['malignant']} of {row['pictures']}",
                estimate(row["share"]),
                RANGES[row["category"]] + ("" if within(row) else ", **missed**"),
            ]
            for row in proposed
        ]
        parts.append(
            "Proposed by the program on `val`: the category follows from the calibrated probability of malignancy. It "
            "is a 2 only where the network's own steps say less than 3 as well: up to 10 % where all words are those "
            "of a simple cyst, and up to 2 %, which is else a 3, where the lesion is likely anechoic and no other "
            "echo pattern is likelier."
        )
        parts.append(table(["category", "malignant", "share", "lexicon"], rows))
        parts.append("![Proposed against given by readers](confusion.png)")
    said = told["val"]["birads_said"]
    rows = [
        [
            name,
            f"{row['malignant']} of {row['n']}",
            f"{row['share']} ({span(row['ci95'])})" if row["n"] else "–",
            RANGES[name],
        ]
        for name, row in said.items()
    ]
    kappas = ", ".join(f"{NAMES[name]} {row['weighted_kappa']}" for name, row in told["val"]["birads"].items())
    parts += [
        "By the network's own steps, which were learned from readers and are not what is proposed (quadratic kappa on "
        f"`val`: {kappas}):",
        table(["category", "malignant", "share", "lexicon"], rows),
    ]
    cut = told["held"].get("categories")
    if cut:
        ways = {
            "readers": "given by readers",
            "by_steps": "by the network's steps",
            "by_probability": "by the probability, at most 2 % (what is proposed, but for the words of a simple cyst)",
            "cut": "below the widest cut with at most 2 % where it was set",
        }
        rows = [
            [
                words,
                cut[name]["n"],
                cut[name]["malignant"],
                f"{cut[name].get('share', '–')} ({span(cut[name]['ci95'])})",
                cut[name].get("weighted_kappa", "–"),
            ]
            for name, words in ways.items()
        ]
        parts += [
            "Could more lesions be called 2 or 3? On the pictures that the calibration was made on, where probability "
            "and cut were set on four fifths and counted on the fifth beside them (means of ten ways to part them):",
            table(["2 or 3", "lesions", "malignant", "share", "kappa with readers"], rows),
            f"To show that at most 2 % of such lesions are malignant takes {cut['lesions_to_show_it']} without a "
            "malignant one. The category follows the probability: a 3 that hides cancers is worse than a low kappa.",
        ]
    return "\n\n".join(parts)


def descriptors(told: Figures) -> str:
    rows = [
        [name, f"{row['present']} of {row['n']}", row.get("auc", "–"), row.get("accuracy", "–")]
        for name, row in told["val"]["descriptors"].items()
    ]
    parts = [
        "## Words of the lexicon, on BrEaST in `val`",
        "So few that each figure is uncertain by a tenth or more. Each word, by the network:",
        table(["word", "present", "AUC", "accuracy"], rows),
    ]
    groups = told.get("program", {}).get("datasets", {}).get("all", {}).get("descriptors", [])
    if groups:
        rows = [[row["group"], row["lesions"], estimate(row["same"]), row["commonest"]] for row in groups]
        parts += [
            "Each group, by the program: how often it says the very words of the reader, and how often the commonest "
            "answer alone would:",
            table(["group", "lesions", "the same words", "the commonest answer"], rows),
        ]
    return "\n\n".join(parts)


def tissue(told: Figures) -> str:
    """What the two answers on background tissue are worth, and that nobody is shown them."""
    of_each = told["val"].get("tissue")
    if not of_each:
        return ""
    words = {"homogeneous": "even, or mixed", "fibroglandular": "mostly gland, or mostly fat", "both": "both"}
    rows = [
        [text, of.get("auc", "–"), share(of["right"], of["n"]), f"{commonest(of)} of {of['n']}"]
        for text, of in ((text, of_each[name]) for name, text in words.items())
    ]
    # The interval of what is right has to leave the commonest answer behind.
    better = any(of["n"] and of["ci95"][0] * of["n"] > commonest(of) for of in of_each.values())
    why = (
        "they have not been measured on scans" if better else "neither is shown to be better than the commonest answer"
    )
    return f"""\
## Background tissue, on BrEaST in `val`

{table(["question", "AUC", "as the reader says", "the commonest answer alone"], rows)}

The program reads neither answer and shows none: {why}.
The tissue that a report names is what a person enters."""


def commonest(of: Figures) -> int:
    """How often the commonest answer alone would be right."""
    return of.get("commonest", max(of.get("present", 0), of["n"] - of.get("present", 0)))


def elsewhere(told: Figures) -> str:
    words = {
        "breast_val": "breast ultrasound, `val`",
        "mammograms_val": "film mammograms, `val`",
        "drawn": "screens, patterns, noise and photographs",
    }
    rows = [
        [words[name], f"{row['refused']} of {row['n']}", row["with_findings"]]
        for name, row in told["val"]["domain"].items()
    ]
    marks = told["val"]["marks"]
    shown = {"as_given": "as given", "laid": "marks laid on", "removed": "marks taken out"}
    changed = [
        [
            text,
            marks[name]["auc"],
            share(marks[name]["lesions_found_in_place"], marks["lesions"]),
            share(marks[name]["false_masks"], marks["lesion_free"]),
        ]
        for name, text in shown.items()
    ]
    parts = [
        [kind, of["files"], of["frames"], of["refused"], of["marked"], of["graded"]]
        for kind, of in told.get("elsewhere", {}).items()
    ]
    columns = ["pictures", "files", "frames", "refused", "with findings", "with a category"]
    program = f"\nBy the program (`peony analyze`), frame by frame:\n\n{table(columns, parts)}\n" if parts else ""
    return f"""\
## What is no breast, and burned-in marks

By the network alone:

{table(["pictures", "refused", "with findings"], rows)}
{program}
{table(["`val`", "AUC", "lesions found in place", "false masks without a lesion"], changed)}"""


def over_time(told: Figures) -> str:
    trial = told.get("memory")
    if not trial:
        return ""
    rows = [
        [text, trial[name]["false_alarm_episodes_a_minute"], trial[name]["ap50"]]
        for name, text in (("memory", "with a memory"), ("plain", "without"))
    ]
    return f"""\
## A memory from frame to frame

On {trial["frames"]} frames of clips drawn from `val`, at the same sensitivity ({trial["sensitivity"]}):

{table(["network", "false alarms a minute", "AP50"], rows)}

An alarm is an episode here in which the bare network marks anything beside the lesion, at the score that gives this
sensitivity on single frames. It tells two networks apart and is no figure of the program, which lets less through and
confirms a lesion over several frames: what that alarms for stands among the targets."""


def known_again(told: Figures) -> str:
    of = told["val"].get("embedding")
    if not of or "auc" not in of:
        return ""
    rows = [
        ["AUC of itself against other patients' lesions", of["auc"]],
        ["its last sighting is liker its first than any of the others", share(of["known_again"], of["lesions"])],
        [
            "likeness of itself, and of others (medians of the cosine)",
            f"{of['likeness_of_itself']}, {of['likeness_of_others']}",
        ],
        ["itself taken for another one (below 0.8)", share(of["itself_below_program"], of["lesions"])],
        ["another one that could be it (0.8 or more)", share(of["others_not_below_program"], of["others"])],
    ]
    return f"""\
## A lesion known again

The embedding of a lesion on the first and on the last frame that shows it, of {of["lesions"]} clips drawn from `val`,
against those of other patients. In the program it speaks only against taking two sightings for one lesion; place, size
and kind must fit as well.

{table(["figure", "reached"], rows)}"""


def precision(told: Figures) -> str:
    rows = [
        [row["engine"], row["precision"], row["dice"], row["auc"], row["dice_lost"], row["auc_lost"], "the program"]
        for row in told.get("program", {}).get("engines", [])
    ]
    if "int8" in told:
        of = told["int8"]
        rows.append(
            [
                "onnxruntime/cpu",
                "int8" if of["small_enough_to_ship"] else "int8, does not ship",
                of.get("dice", "–"),
                of.get("auc", "–"),
                of["dice_lost"],
                of["auc_lost"],
                "the network alone",
            ]
        )
    if not rows:
        return ""
    columns = ["engine", "precision", "Dice", "AUC", "Dice lost", "AUC lost", "read by"]
    return f"""\
## Precision

Lost against fp32 on `val` (at most {MOST_LOST} allowed; below zero is a gain). Times are in docs/BENCHMARKS.md.

{table(columns, rows)}"""


def failures(told: Figures, folder: Path) -> str:
    parts = ["## Known failures"]
    real = told["val"].get("failures")
    if real:
        rows = [
            [
                NAMES[name],
                share(of["not_found_in_place"], of["lesions"]),
                share(of["dice_below_half"], of["lesions"]),
                share(of["malignant_at_most_10_percent"], of["malignant"]),
                share(of["benign_above_half"], of["benign"]),
            ]
            for name, of in real.items()
        ]
        columns = ["`val`", "not found in place", "Dice below 0.5", "malignant at 10 % or less", "benign above 50 %"]
        parts.append(table(columns, rows))
    sizes = told["val"].get("by_size")
    if sizes:
        rows = [
            [
                f"{row['area'][0]:.0%} to {row['area'][1]:.0%}",
                row["lesions"],
                value(row, "dice"),
                row["not_found_in_place"],
            ]
            for row in sizes
        ]
        parts.append(table(["of the picture the lesion covers", "lesions", "Dice", "not found in place"], rows))
    drawn = told.get("failures")
    if drawn:
        first, last = drawn["seeds"]
        rows = [
            [row["masses"], row["frames"], row.get("dice", "–"), *(row[what] for what in FAILED)]
            for row in drawn["rows"]
        ]
        parts += [
            "Pictures of patients may not be shown here. These are frames of the phantom, which show kinds of failure "
            "and not how often they come: one through each mass of breasts that taught nothing, and one beside them "
            f"(example `frames`, seeds {first} to {last}). The true outline is green, the mask's orange; a mask on a "
            "missed mass is one that the lesion's score did not let through.",
            table(["masses", "frames", "Dice", *(text.split(":")[0].lower() for text in FAILED.values())], rows),
        ]
        for what, text in FAILED.items():
            if (folder / f"failures-{what}.png").exists():
                parts.append(f"{text}.\n\n![{text}](failures-{what}.png)")
    return "\n\n".join(parts)
