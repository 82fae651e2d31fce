"""Links between the words of any sentence pairs of two languages, by what was learned from others."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from training.alignment.block import Pairs
from training.alignment.symmetry import Link
from training.alignment.vocabulary import Vocabulary, split
from training.alignment.word_model import WordModel, learn
from training.data.rows import Rows, join_rows

MOST_LINKS = 40_000_000  # that two words of a pair could have; learning takes about 1 GB for so many
Words = Sequence[str]
Symmetry = Callable[[set[Link], set[Link]], set[Link]]


class Aligner(NamedTuple):
    """Vocabularies and word models of two languages."""

    first: Vocabulary
    second: Vocabulary
    forward: WordModel  # probabilities of the second language's words
    backward: WordModel

    def links(self, first: Sequence[Words], second: Sequence[Words], symmetry: Symmetry) -> list[list[Link]]:
        """The links of each pair of sentences, in order, made of both directions'; none for an empty side."""
        pairs = Pairs(self.first.ids(first), self.second.ids(second))
        whole = pairs.whole()
        pairs = pairs.take(whole)
        found: list[list[Link]] = [[] for _ in first]
        forward = _by_pair(self.forward.best_sources(pairs), pairs.targets)
        backward = _by_pair(self.backward.best_sources(pairs.turned()), pairs.sources)
        for number, one, other in zip(whole.tolist(), forward, backward, strict=True):
            there, back = ({(source, place) for place, source in enumerate(row) if source >= 0} for row in (one, other))
            found[number] = sorted(symmetry(there, {(place, source) for source, place in back}))
        return found


def _by_pair(best: np.ndarray, words: Rows) -> list[list[int]]:
    numbers = best.tolist()
    return [numbers[start:end] for start, end in pairwise(words.offsets.tolist())]


def learn_aligner(pairs: Iterable[tuple[Sequence[str], Sequence[str]]], most_links: int = MOST_LINKS) -> Aligner:
    """The aligner of chunks of texts, the first language's and the second's, as many as have `most_links`."""
    first, second = Vocabulary(), Vocabulary()
    parts, links = [], 0
    for one, other in pairs:
        part = Pairs(first.learn(map(split, one)), second.learn(map(split, other)))
        parts.append(part.take(part.whole()))
        links += int(part.links().sum())
        if links >= most_links:
            break
    known = Pairs(join_rows([part.sources for part in parts]), join_rows([part.targets for part in parts]))
    return Aligner(first, second, learn(known, len(second)), learn(known.turned(), len(first)))
