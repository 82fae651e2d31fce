"""Many rows of numbers of any length in two arrays, where lists of Python integers would take ten times the memory."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

ROWS_AT_ONCE = 4_000  # that are turned into Python objects together


class Rows(NamedTuple):
    """Rows of any length in two arrays: row n is values[offsets[n] : offsets[n + 1]]."""

    values: np.ndarray
    offsets: np.ndarray  # (rows + 1,) int64, the first is 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.offsets) - 1

    def lengths(self) -> np.ndarray:
        """The length of each row (rows,)."""
        return np.diff(self.offsets)

    def row(self, number: int) -> np.ndarray:
        """One row, a view."""
        return self.values[self.offsets[number] : self.offsets[number + 1]]

    def take(self, numbers: np.ndarray) -> "Rows":
        """A copy of some rows, in the order of their numbers."""
        starts, ends = self.offsets[numbers], self.offsets[numbers + 1]
        parts = [self.values[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        values = np.concatenate(parts) if parts else self.values[:0]
        return Rows(values, _offsets(ends - starts))

    def texts(self) -> list[str]:
        """The rows as UTF-8 texts."""
        data = self.values.tobytes()
        return [data[start:end].decode() for start, end in pairwise(self.offsets.tolist())]


def make_rows(rows: Iterable[Sequence[int]], dtype: Any) -> Rows:
    """Rows in memory, of lists or of bytes."""
    arrays = [np.frombuffer(row, dtype) if isinstance(row, bytes) else np.array(row, dtype) for row in rows]
    return Rows(np.concatenate([np.empty(0, dtype), *arrays]), _offsets([len(array) for array in arrays]))


def text_rows(texts: Iterable[str]) -> Rows:
    """Texts as rows of UTF-8 bytes in memory."""
    return make_rows((text.encode() for text in texts), np.uint8)


def join_rows(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one part behind the other; at least one part."""
    lengths = np.concatenate([part.lengths() for part in parts])
    return Rows(np.concatenate([part.values for part in parts]), _offsets(lengths))


def _offsets(lengths: Any) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
