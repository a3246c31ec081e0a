"""What a case is known to be, as the questions that the network is asked. What is not known is left out, not invented.

The words are those of the BI-RADS ultrasound lexicon as BrEaST records them (Pawłowska et al. 2024).
"""

from collections.abc import Mapping

UNKNOWN = -1.0

# BI-RADS as ordered steps: is the category at least this one? BUS-BRA does not divide its 4.
CATEGORIES = ("2", "3", "4A", "4B", "4C", "5")
STEPS = CATEGORIES[1:]
# Categories that say nothing of how a lesion looks, and none.
UNSAID = ("", "0", "1", "6")

# The lexicon's descriptors, each a question of its own: (column of cases.csv, words that mean yes).
DESCRIPTORS: dict[str, tuple[str, str]] = {
    "oval": ("shape", "oval"),
    "round": ("shape", "round"),
    "irregular": ("shape", "irregular"),
    "circumscribed": ("margin", "circumscribed"),
    "indistinct": ("margin", "indistinct"),
    "angular": ("margin", "angular"),
    "microlobulated": ("margin", "microlobulated"),
    "spiculated": ("margin", "spiculated"),
    "anechoic": ("echogenicity", "anechoic"),
    "hyperechoic": ("echogenicity", "hyperechoic"),
    "complex": ("echogenicity", "complex cystic/solid"),
    "hypoechoic": ("echogenicity", "hypoechoic"),
    "isoechoic": ("echogenicity", "isoechoic"),
    "heterogeneous": ("echogenicity", "heterogeneous"),
    "enhancement": ("posterior", "enhancement"),
    "shadowing": ("posterior", "shadowing"),
    "halo": ("halo", "yes"),
    "calcifications": ("calcifications", "in a mass"),
}

# Background tissue: even or mixed, and mostly gland or mostly fat.
TISSUE = ("homogeneous", "fibroglandular")


def birads_steps(category: str) -> list[float]:
    """Whether the category is at least 3, 4A, 4B, 4C, 5: 1, 0 or unknown. What is no category is a ValueError."""
    category = category.upper()
    if category == "4":
        return [1.0, 1.0, UNKNOWN, UNKNOWN, 0.0]
    if category in UNSAID:
        return [UNKNOWN] * len(STEPS)
    if category not in CATEGORIES:
        raise ValueError(f"BI-RADS {category!r} is none of 0, 1, 2, 3, 4, 4a, 4b, 4c, 5, 6")
    rank = CATEGORIES.index(category)
    return [float(rank >= step) for step in range(1, len(CATEGORIES))]


def descriptors(row: Mapping[str, str]) -> list[float]:
    """Each descriptor as 1, 0, or unknown where its column is empty."""
    answers = []
    for column, word in DESCRIPTORS.values():
        value = row.get(column, "")
        words = value.replace("not circumscribed - ", "").split("&")
        if value == "combined":
            words = ["enhancement", "shadowing"]
        answers.append(float(word in words) if value else UNKNOWN)
    return answers


def tissue(row: Mapping[str, str]) -> list[float]:
    """Background tissue as 1, 0 or unknown."""
    value = row.get("tissue", "")
    if "geneous" not in value:
        return [UNKNOWN] * len(TISSUE)
    return [float("homogeneous" in value), float("fibroglandular" in value)]
