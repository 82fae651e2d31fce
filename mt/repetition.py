"""How a row of pieces repeats itself."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

N_GRAM = 4


class Loop(NamedTuple):
    """A sequence of pieces that comes again and again, each time right behind the last."""

    times: int  # 1 = there is none
    run: int  # pieces that are the same as those one period before


def longest_loop(ids: Sequence[int]) -> Loop:
    """The loop in which the same comes most often, and of several the one with the longest run."""
    row, found = np.array(ids), [Loop(1, 0)]
    for period in range(1, len(ids) // 2 + 1):
        same = row[period:] == row[:-period]
        if same.sum() >= period:
            run = max(sum(group) for _, group in groupby(same.tolist()))
            found += [Loop(run // period + 1, run)] if run >= period else []
    return max(found)


def n_grams_again(ids: Sequence[int], size: int = N_GRAM) -> int:
    """How many n-grams there are that came before."""
    grams = [tuple(ids[start : start + size]) for start in range(len(ids) - size + 1)]
    return len(grams) - len(set(grams))
