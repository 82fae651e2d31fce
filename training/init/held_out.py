"""Dev and test sets taken from a corpus that comes without them."""

from collections.abc import Iterable

import numpy as np

from training.data.corpus import Pair
from training.init.survey import Survey

_SHARE = 20  # of the pairs goes into each set
LEAST_SET, _MOST, _MOST_OF_LARGE = 10, 1_000, 2_000
_LARGE_CORPUS = 200_000


def set_size(pairs: int) -> int:
    """How many pairs a dev or test set takes from a corpus of so many: a twentieth, within limits.

    A thousand sentences tell 1.5 BLEU from chance; a large corpus gives two thousand without missing them.
    """
    return max(LEAST_SET, min(pairs // _SHARE, _MOST if pairs < _LARGE_CORPUS else _MOST_OF_LARGE))


def choose_rows(survey: Survey, count: int, excluded: np.ndarray) -> np.ndarray:
    """Rows of the corpus, at most `count`, in random order, none of which shares a side with another.

    Only rows that are fit and not excluded (N,) are taken, suspicious ones only when there are no others. The order
    follows from the texts alone, so the same pairs give the same choice, wherever they stand in their file.
    """
    rows = np.flatnonzero(survey.fit & ~excluded)
    sources, targets = survey.hashes[0][rows], survey.hashes[1][rows]
    # Hashes are as good as drawn at random; either side's alone would put all translations of a sentence together.
    order = np.lexsort((sources * np.uint64(0x9E3779B97F4A7C15) + targets, survey.suspicious[rows]))
    seen_sources: set[int] = set()
    seen_targets: set[int] = set()
    chosen: list[int] = []
    for row, source, target in zip(rows[order], sources[order].tolist(), targets[order].tolist(), strict=True):
        if len(chosen) == count:
            break
        if source not in seen_sources and target not in seen_targets:
            seen_sources.add(source)
            seen_targets.add(target)
            chosen.append(int(row))
    return np.array(chosen, np.int64)


def fetch_pairs(pairs: Iterable[Pair], rows: np.ndarray) -> list[Pair]:
    """The pairs of some rows, in the order of the rows, as in the files."""
    wanted = set(rows.tolist())
    found = {row: pair for row, pair in enumerate(pairs) if row in wanted}
    return [found[row] for row in rows.tolist()]
