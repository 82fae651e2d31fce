"""Fixed parts of a corpus: which pairs they have follows from a seed, and the smaller are in the larger ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.data.corpus import read_pairs

SEED = 2019
LANGUAGES = ("en", "de")


def choose(total: int, count: int, seed: int = SEED) -> list[int]:
    """The first `count` rows of a shuffle of `total`. ValueError when there are not as many."""
    if count > total:
        raise ValueError(f"The corpus has {total:,} pairs, fewer than the {count:,} wanted. Ask for a smaller subset.")
    # Of NumPy's generators the one whose numbers never change between versions.
    return np.random.RandomState(seed).permutation(total)[:count].tolist()


def write_subset(corpus: Sequence[Path], count: int, folder: Path) -> tuple[Path, Path]:
    """Files train.en and train.de with a subset of two files."""
    pairs = read_pairs(*corpus)
    chosen = [pairs[row] for row in choose(len(pairs), count)]
    folder.mkdir(parents=True, exist_ok=True)
    english, german = (folder / f"train.{language}" for language in LANGUAGES)
    for side, path in enumerate((english, german)):
        path.write_text("".join(f"{pair[side]}\n" for pair in chosen), encoding="utf-8", newline="\n")
    return english, german
