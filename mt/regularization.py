"""Pieces drawn at random, for training: subword regularization (Kudo 2018) and BPE-dropout (Provilkov et al. 2020).

SentencePiece can draw too, but from version 0.2.2 on its draws differ from process to process whatever the seed, and an
interrupted training could not go on with the same numbers. Here a draw depends on texts, strength and seed alone.
Pieces never reach over a space, so words are drawn one by one, and what is known of a word is kept for the next time.
"""

import math
import random
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

SPACE = "\u2581"  # how SentencePiece writes the space before a word
UNKNOWN_PENALTY = 10.0  # SentencePiece's: a character without a piece is that much less likely than the rarest piece
WORDS_KEPT = 30_000  # about 170 MB; nearly all that is said in a corpus
Ids = tuple[int, ...]
Draw = Callable[[], float]  # a number in [0, 1)


class PieceSampler:
    """Draws the pieces of texts from the vocabulary of a SentencePiece model."""

    def __init__(self, processor: Any) -> None:
        self._ids: dict[str, int] = {}
        self._scores: dict[str, float] = {}
        self._bytes = [processor.piece_to_id(f"<0x{value:02X}>") for value in range(256)]
        for number in range(processor.get_piece_size()):
            if not (processor.is_control(number) or processor.is_unknown(number) or processor.is_byte(number)):
                piece = processor.id_to_piece(number)
                self._ids[piece], self._scores[piece] = number, processor.get_score(number)
        self._longest = max(map(len, self._ids))
        self._unknown = min(self._scores.values()) - UNKNOWN_PENALTY
        # The scores of a BPE model are the ranks of its merges, 0, -1, -2, …; those of a unigram model are logarithms.
        self._is_bpe = list(self._scores.values()) == [-float(rank) for rank in range(len(self._scores))]
        self._lattice = lru_cache(WORDS_KEPT)(self._build_lattice)

    def sample(self, texts: Sequence[str], alpha: float, seed: int) -> list[list[int]]:
        """The ids of each text's pieces; see Tokenizer.sample for what alpha does."""
        draw = random.Random(seed).random
        choose = self._merge if self._is_bpe else self._walk
        return [
            [number for word in text.split(" ") if word for number in choose(SPACE + word, alpha, draw)]
            for text in texts
        ]

    def _walk(self, word: str, alpha: float, draw: Draw) -> Sequence[int]:
        """A way through the word's lattice, drawn from its end to its beginning."""
        lattice, end, parts = self._lattice(word, alpha), len(word), []
        while end:
            arcs = lattice[end]
            chosen = bisect(arcs.cumulated, draw() * arcs.cumulated[-1])
            parts.append(arcs.ids[chosen])
            end = arcs.starts[chosen]
        return [number for ids in reversed(parts) for number in ids]

    def _build_lattice(self, word: str, alpha: float) -> list["_Arcs"]:
        """For each place of the word the pieces that end there, by what they and all ways to them weigh together."""
        totals = [0.0]  # logarithm of the summed weights of all ways to each place
        lattice = [_Arcs([], [], [])]
        for end in range(1, len(word) + 1):
            starts, ids, weights = [], [], []
            for start in range(max(0, end - self._longest), end):
                piece = word[start:end]
                if piece in self._ids or start == end - 1:
                    starts.append(start)
                    ids.append(self._spell(piece))
                    weights.append(totals[start] + alpha * self._scores.get(piece, self._unknown))
            highest = max(weights)
            cumulated = list(accumulate(math.exp(weight - highest) for weight in weights))
            totals.append(highest + math.log(cumulated[-1]))
            lattice.append(_Arcs(starts, ids, cumulated))
        return lattice

    def _merge(self, word: str, alpha: float, draw: Draw) -> Sequence[int]:
        """Algorithm 1 of Provilkov et al. 2020: the best merge of those that were not dropped, until none is left."""
        pieces = list(word)
        while True:
            merges = [
                (self._scores[left + right], -place)
                for place, (left, right) in enumerate(pairwise(pieces))
                if left + right in self._scores and draw() >= alpha
            ]
            if not merges:
                return [number for piece in pieces for number in self._spell(piece)]
            place = -max(merges)[1]
            pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]

    def _spell(self, piece: str) -> Ids:
        """The id of a piece, or those of its bytes where the vocabulary lacks it."""
        found = self._ids.get(piece)
        return (found,) if found is not None else tuple(self._bytes[value] for value in piece.encode())


class _Arcs(NamedTuple):
    """The pieces that end at one place of a word."""

    starts: list[int]
    ids: list[Ids]
    cumulated: list[float]  # their weights, each with those before it
