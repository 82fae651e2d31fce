"""All links that the words of some sentence pairs could have, in flat arrays."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from training.alignment.cells import Cells
from training.data.rows import Rows

NULL = 0  # the id of the null word, which stands before each source
LINKS_AT_ONCE = 2**21
Array = np.ndarray


class Pairs(NamedTuple):
    """Sentence pairs as ids of words, from 1 on."""

    sources: Rows
    targets: Rows

    def turned(self) -> "Pairs":
        """The same for the other direction."""
        return Pairs(self.targets, self.sources)

    def whole(self) -> Array:
        """The numbers of the pairs that have words on both sides."""
        return np.flatnonzero(self.sources.lengths() * self.targets.lengths())

    def take(self, numbers: Array) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.sources.take(numbers), self.targets.take(numbers))

    def links(self) -> Array:
        """How many links each pair could have, those to the null word too."""
        return self.targets.lengths() * (self.sources.lengths() + 1)


class Block(NamedTuple):
    """The links that some pairs could have: those of a target word lie together, the null word's first."""

    sources: Array  # (L,) ids
    targets: Array  # (L,) ids
    cells: Array  # (L,) int32
    widths: Array  # how many links each target word could have
    starts: Array  # where they begin


def blocks(pairs: Pairs, cells: Cells, at_once: int = LINKS_AT_ONCE) -> Iterator[Block]:
    """The links of all pairs in their order, about so many together; at least those of one pair.

    No pair may have an empty side.
    """
    part = np.cumsum(pairs.links()) // at_once
    for numbers in np.split(np.arange(len(part)), np.flatnonzero(np.diff(part)) + 1):
        if len(numbers):
            yield _block(pairs, cells, numbers)


def _block(pairs: Pairs, cells: Cells, numbers: Array) -> Block:
    heights, widths = pairs.targets.lengths()[numbers], pairs.sources.lengths()[numbers]
    counts = heights * (widths + 1)
    width = np.repeat(widths + 1, counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = place // width, place % width
    target = np.repeat(pairs.targets.offsets[numbers], counts) + row
    source = np.repeat(pairs.sources.offsets[numbers], counts) + column - 1
    cell = np.repeat(cells.first(numbers), counts) + row * (width - 1) + column - 1
    widths_of_rows = np.repeat(widths + 1, heights)
    return Block(
        np.where(column, pairs.sources.values[source], NULL),
        pairs.targets.values[target],
        np.where(column, cell, 0).astype(np.int32),
        widths_of_rows,
        np.cumsum(widths_of_rows) - widths_of_rows,
    )
