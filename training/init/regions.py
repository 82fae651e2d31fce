"""Parts of a corpus whose sides have slipped: line n of one is the translation of another line of the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

LINES = 100  # that are looked at together
_SHIFTS = (1, -1, 2, -2, 3, -3)
_LEAST_USUAL = 0.5  # correlation of a corpus in which a low one means something
_LOW, _HIGH = 0.2, 0.5  # correlation of slipped lines, and of the same lines when they are put right
_LEAST_GAIN = 0.3  # of a correlation above _LOW by putting lines right; chance gives 0.1
_LEAST_SPREAD = 0.15  # of the log lengths; lines of one length go together with anything


@dataclass(frozen=True)
class Region:
    """Lines `first` to `last`, counted from 1, whose sides do not go together.

    With a shift, line n of the source goes with line n + shift of the target; 0 when no small shift helps.
    """

    first: int
    last: int
    shift: int

    def __str__(self) -> str:
        """The region and what may be wrong with it."""
        place = f"lines {self.first:,} to {self.last:,}"
        if not self.shift:
            return f"{place}: the lengths of source and target do not go together; other lines may be meant"
        lines = "1 line" if abs(self.shift) == 1 else f"{abs(self.shift)} lines"
        return f"{place}: the target seems to be {lines} too {'late' if self.shift > 0 else 'early'}"


def length_correlation(source: np.ndarray, target: np.ndarray) -> float | None:
    """How well the lengths (N,) of the two sides go together, up to 1; None when they do not vary."""
    return _correlation(np.log1p(source), np.log1p(target))


def find_regions(source: np.ndarray, target: np.ndarray) -> list[Region]:
    """The regions in which the lengths (N,) of the sides do not go together, although elsewhere they do.

    Lengths count characters. Regions are found to about a hundred lines; those of equally long lines are passed over.
    """
    logs = np.log1p(source), np.log1p(target)
    starts = range(0, len(source) - LINES + 1, LINES)
    blocks = {start: _correlation(*(side[start : start + LINES] for side in logs)) for start in starts}
    known = [value for value in blocks.values() if value is not None]
    if not known or np.median(known) < _LEAST_USUAL:
        return []
    doubtful = {start: value for start, value in blocks.items() if value is not None and value < _HIGH}
    shifts = {start: _find_shift(*logs, start, max(_HIGH, value + _LEAST_GAIN)) for start, value in doubtful.items()}
    slipped = [start for start, value in doubtful.items() if value < _LOW or shifts[start]]
    return list(_merge([Region(start + 1, start + LINES, shifts[start]) for start in slipped]))


def _merge(regions: list[Region]) -> Iterator[Region]:
    """Regions that follow each other, with the same shift, as one; one block in between may have looked right."""
    current: Region | None = None
    for region in regions:
        if current and current.shift == region.shift and region.first - current.last <= LINES + 1:
            current = Region(current.first, region.last, current.shift)
        else:
            if current:
                yield current
            current = region
    if current:
        yield current


def _find_shift(source: np.ndarray, target: np.ndarray, start: int, least: float) -> int:
    """The shift that puts the lines right, to a correlation of at least `least`; 0 when none does."""
    best = (least, 0)
    for shift in _SHIFTS:
        first, last = max(0, start + shift), min(len(target), start + shift + LINES)
        value = _correlation(source[first - shift : last - shift], target[first:last])
        if value is not None and value > best[0]:
            best = (value, shift)
    return best[1]


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    if len(one) < 2 or min(one.std(), other.std()) < _LEAST_SPREAD:
        return None
    return float(np.corrcoef(one, other)[0, 1])
