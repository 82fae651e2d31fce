"""Pairs of texts of corpora, some or all in random order."""

from collections.abc import Iterator, Sequence

import numpy as np

from training.data.rows import ROWS_AT_ONCE
from training.data.store import Texts

Sides = tuple[Sequence[str], Sequence[str]]


def pick(sides: Sides, numbers: np.ndarray) -> tuple[list[str], list[str]]:
    """Both texts of some pairs."""
    first, second = (
        side.pick(numbers) if isinstance(side, Texts) else [side[number] for number in numbers.tolist()]
        for side in sides
    )
    return first, second


def drawn(corpora: Sequence[Sides]) -> Iterator[tuple[list[str], list[str]]]:
    """All pairs of all corpora in random order, always the same one, some thousands at a time."""
    starts = np.cumsum([0, *(len(first) for first, _ in corpora)])
    order = np.random.default_rng(0).permutation(int(starts[-1]))
    for begin in range(0, len(order), ROWS_AT_ONCE):
        numbers = order[begin : begin + ROWS_AT_ONCE]
        for start, end, sides in zip(starts, starts[1:], corpora, strict=False):
            yield pick(sides, numbers[(start <= numbers) & (numbers < end)] - start)
