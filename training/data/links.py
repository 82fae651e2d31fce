"""Links between the words of sentence pairs, on disk for all pairs, and between the pieces of those at hand."""

import re
from typing import NamedTuple

import numpy as np

from mt.tokenizer import Tokenizer
from training.data.rows import Rows
from training.data.store import Column

Array = np.ndarray
NO_LINKS = np.zeros((0, 2), np.int32)
_FARTHEST = 2**32  # above any place in a text


class Links(NamedTuple):
    """Which words of a bitext's pairs belong together, and where in the texts those words are."""

    source_ends: Rows | Column  # where each word of the source ends, in characters
    target_ends: Rows | Column
    words: Rows | Column  # of each pair, one after the other, the two words of each link
    is_turned: bool = False  # the target's word comes first

    def take(self, numbers: Array) -> tuple[Rows, Rows, Rows]:
        """Word ends of sources and targets, and links with the source's word first, of some pairs."""
        source_ends, target_ends, words = (column.take(numbers) for column in self[:3])
        if self.is_turned:
            words = words._replace(values=words.values.reshape(-1, 2)[:, ::-1].reshape(-1))
        return source_ends, target_ends, words


class _Side(NamedTuple):
    """Which pieces each word of some texts has."""

    pieces: Rows
    ends: Rows  # of words
    first: Array  # of each word, all words of all texts in order, the number of its first piece among all pieces
    counts: Array  # of its pieces

    def of_words(self, texts: Array, words: Array) -> tuple[Array, Array]:
        """The first piece in its own text, and the number of pieces, of some words of some texts."""
        numbers = self.ends.offsets[texts] + words
        return self.first[numbers] - self.pieces.offsets[texts], self.counts[numbers]


class PieceLinks:
    """Makes links between pieces of links between words; whatever the pieces, so that they may be drawn anew."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        pieces = tokenizer.pieces(range(tokenizer.size))
        # Of a character's bytes the first stands for all.
        self._follows = np.array([bool(re.fullmatch("<0x[89AB].>", piece)) for piece in pieces])
        is_byte = [bool(re.fullmatch("<0x..>", piece)) for piece in pieces]
        widths = [1 if byte else len(piece) for piece, byte in zip(pieces, is_byte, strict=True)]
        self._widths = np.where(self._follows, 0, widths)

    def __call__(self, words: tuple[Rows, Rows, Rows], sources: Rows, targets: Rows) -> Rows:
        """Of each pair, one after the other, target and source piece of each link: all pieces of two linked words.

        `words` is what `Links.take` gives.
        """
        source_ends, target_ends, links = words
        texts = np.repeat(np.arange(links.rows), links.lengths() // 2)
        source, target = links.values.reshape(-1, 2).astype(np.int64).T
        first_source, width = self._side(sources, source_ends).of_words(texts, source)
        first_target, height = self._side(targets, target_ends).of_words(texts, target)
        counts = width * height
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        of_link = np.repeat(width, counts)
        found = [np.repeat(first_target, counts) + place // of_link, np.repeat(first_source, counts) + place % of_link]
        lengths = 2 * np.bincount(texts, counts, links.rows).astype(np.int64)
        return Rows(np.stack(found, axis=1).reshape(-1).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]))

    def _side(self, pieces: Rows, ends: Rows) -> _Side:
        """A piece belongs to the word of its first character, where a space counts to the word behind it."""
        before = np.concatenate([[0], np.cumsum(self._widths[pieces.values])])
        starts = before[:-1] - np.repeat(before[pieces.offsets[:-1]], pieces.lengths()) - self._follows[pieces.values]
        text = np.arange(pieces.rows) * _FARTHEST
        # Pieces spell a space before the text, so a word ends one character later there.
        word_ends = np.repeat(text, ends.lengths()) + ends.values + 1
        words = np.searchsorted(word_ends, np.repeat(text, pieces.lengths()) + starts, "right")
        is_inside = words < np.repeat(ends.offsets[1:], pieces.lengths())
        places, words = np.append(np.flatnonzero(is_inside), 0), words[is_inside]
        first, last = (np.searchsorted(words, np.arange(len(ends.values)), side) for side in ("left", "right"))
        return _Side(pieces, ends, places[first], last - first)
