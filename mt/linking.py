"""How surely words of two texts are each other's translations, by a lexicon, attention and their places together.

The model is that of Dyer et al. 2013: each target piece comes of one source piece or of the null word, and before one
knows which pieces they are, it does so the likelier the nearer they lie; here also the likelier the more attention is
paid, so that this decides between words that the lexicon does not know, such as names. Two words are translations of
each other as far as each comes of the other: the geometric mean of both, as if the directions' links were intersected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from mt.lexicon import Lexicon, Table
from mt.text.tracing import Span
from mt.tokenizer import SPACE, Tokenizer

NULL_PROBABILITY = 0.08  # Dyer et al. 2013, table 1: p0
TENSION = 4.0  # with which Dyer et al. 2013 begin; a word at the other end of the sentence is e ** -4 as likely
LEAST_ATTENTION = 0.01  # what any word counts as having; of 0.005 to 0.1 error rates differ by 0.02 (docs/alignment.md)
UNSEEN = 1e-6  # the probability of pieces that the lexicon has not; those that it has reach down to 1e-5
Array = np.ndarray


class Side(NamedTuple):
    """One of two texts that are translations of each other."""

    text: str
    words: Sequence[Span]
    ids: Sequence[int]
    pieces: Sequence[Span]  # what each of the ids spells


class _Pieces(NamedTuple):
    """What the words of a text are for the lexicon."""

    ids: list[int]  # P
    words: Array  # (words, P) of 0 and 1: which pieces are whose


@dataclass(frozen=True)
class Dictionary:
    """What a lexicon knows of two languages."""

    tokenizer: Tokenizer
    forward: Table  # probabilities of the target's pieces
    backward: Table  # of the source's
    tension: float = TENSION
    least_attention: float = LEAST_ATTENTION

    @classmethod
    def of(cls, lexicon: Lexicon | None, tokenizer: Tokenizer, source: str, target: str) -> "Dictionary | None":
        """That of two languages, if there is a lexicon that has both."""
        forward, backward = (lexicon.tables.get(language) if lexicon else None for language in (target, source))
        return cls(tokenizer, forward, backward) if forward and backward else None

    def weights(self, source: Side, target: Side, attention: Array) -> Array:
        """From 0 to 1, how surely each two words belong together: (target words, source words), as `attention`."""
        if not attention.size:
            return attention
        of_source, of_target = self._pieces(source), self._pieces(target)
        likely = (attention + self.least_attention) * nearness(len(target.words), len(source.words), self.tension)
        equal = _equal(source, target)
        there = _origins(self.forward, (of_source, of_target), likely, equal)
        back = _origins(self.backward, (of_target, of_source), likely.T, equal.T)
        found: Array = np.sqrt(there * back.T)
        return found

    def _pieces(self, side: Side) -> _Pieces:
        """Those of each word; of one that is cut, what fewer pieces spell, its first letter changed in case or not.

        The beginning of a sentence, and a noun that somebody wrote without its capital, are not foreign words.
        """
        begins_word = [piece.startswith(SPACE) for piece in self.tokenizer.pieces(side.ids)]
        rows = []
        for (start, end), of_word in zip(side.words, membership(side.pieces, side.words), strict=True):
            own = np.flatnonzero(of_word).tolist()
            is_whole = len(own) == 1 and begins_word[own[0]]
            row, first = [side.ids[piece] for piece in own], side.text[start]
            if not is_whole and first != first.swapcase() and (not start or side.text[start - 1] == " "):
                rest = side.text[start + 1 : end]
                row = min(self.tokenizer.encode([first + rest, first.swapcase() + rest]), key=len)
            rows.append(row)
        counts = list(map(len, rows))
        return _Pieces(list(chain(*rows)), np.repeat(np.eye(len(rows), dtype=np.float32), counts, axis=1))


def _origins(table: Table, sides: tuple[_Pieces, _Pieces], likely: Array, equal: Array) -> Array:
    """How likely each target word comes of each source word: (target words, source words), rows sum to at most 1.

    `likely` is what holds of words that are not known, but for a factor; `equal` ones are translations of each other.
    """
    (sources, of_source), (targets, of_target) = sides
    known = np.maximum(table.probability(sources, targets), UNSEEN)
    known[:, 1:] = np.maximum(known[:, 1:], of_target.T @ equal @ of_source)
    before = (1 - NULL_PROBABILITY) * likely / likely.sum(axis=1, keepdims=True)
    known[:, 1:] *= of_target.T @ before @ _shares(of_source)
    known[:, 0] *= NULL_PROBABILITY
    known /= known.sum(axis=1, keepdims=True)
    found: Array = _shares(of_target) @ known[:, 1:] @ of_source.T
    return found


def _shares(of_word: Array) -> Array:
    """The same (words, pieces), all pieces of a word together 1."""
    return of_word / np.maximum(of_word.sum(axis=1, keepdims=True), 1)


def _equal(source: Side, target: Side) -> Array:
    """1 where two words are written alike, unless in small letters alone; (target words, source words)."""
    sources, targets = ([side.text[start:end] for start, end in side.words] for side in (source, target))
    found = np.array(targets)[:, None] == np.array(sources)
    return (found & [not word.islower() for word in sources]).astype(np.float32)


def membership(pieces: Sequence[Span], words: Sequence[Span]) -> Array:
    """(words, pieces) of 0 and 1: which pieces have characters in common with which word."""
    if not pieces or not words:
        return np.zeros((len(words), len(pieces)), np.float32)
    (piece_starts, piece_ends), (starts, ends) = np.array(pieces).T, np.array(words).T
    return ((piece_starts < ends[:, None]) & (piece_ends > starts[:, None])).astype(np.float32)


def nearness(targets: int, sources: int, tension: float) -> Array:
    """exp(-tension * distance) of each two words, of how much of their texts is before them; (targets, sources)."""
    places = (np.arange(targets) + 0.5)[:, None] / max(targets, 1), (np.arange(sources) + 0.5) / max(sources, 1)
    found: Array = np.exp(-tension * np.abs(places[0] - places[1]))
    return found
