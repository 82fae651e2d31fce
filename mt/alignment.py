"""Which words of a translation come from which of its source, read from attention and, if there is one, a lexicon.

What is read was measured against gold links: 50 sentences of Europarl, German and English (Bicici 2011), with the
shipped translator forced to the reference (`python -m tests.bench.alignment`; docs/alignment.md). Alignment error rate
with a lexicon (mt.linking): 0.22. By attention alone: the source word with the most attention for each target word has
0.55; with the distance between the places dampened, weak links left out and source words without any link given their
best, 0.47. By the attention of a step earlier or later it is 0.69 and 0.81: a piece's attention is in the row of the
step that chose it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mt.engines import Hypothesis
from mt.linking import Dictionary, Side, membership, nearness
from mt.text.tracing import Span, Traced
from mt.text.words import words
from mt.tokenizer import Tokenizer

# Chosen on the pairs of the measurement above, on which they are therefore not held out.
DAMPING = 2.0  # a word at the other end of the sentence has e ** -2 of its weight
LEAST_WEIGHT = 0.3  # of the best source word of a target word
LEAST_WEIGHT_UNLINKED = 0.1  # of the best target word of a source word that has no link yet


@dataclass(frozen=True)
class Alignment:
    """A source beside a translation of it, both normalized."""

    source: str
    target: str
    source_pieces: list[Span]  # S, without tag and end
    target_pieces: list[Span]  # T
    attention: np.ndarray  # (T, S) float32; what a row lacks to 1 went to tag and end
    log_probabilities: Sequence[float] = ()  # T natural-log, of the target pieces; none where not known
    end_log_probability: float = 0.0  # of the end of all parts
    source_ids: Sequence[int] = ()  # S, of the pieces
    target_ids: Sequence[int] = ()  # T
    dictionary: Dictionary | None = None  # of both languages

    @cached_property
    def source_words(self) -> list[Span]:
        """Words and signs of the source."""
        return words(self.source)

    @cached_property
    def target_words(self) -> list[Span]:
        """Words and signs of the translation."""
        return words(self.target)

    @cached_property
    def word_attention(self) -> np.ndarray:
        """How much each target word attends to each source word: (target words, source words)."""
        return word_attention(self.attention, *self._sides)

    @cached_property
    def weights(self) -> np.ndarray:
        """How surely each two words belong together; what links are read from: (target words, source words)."""
        return link_weights(self.word_attention, *self._sides, self.dictionary)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return (
            Side(self.source, self.source_words, self.source_ids, self.source_pieces),
            Side(self.target, self.target_words, self.target_ids, self.target_pieces),
        )

    @cached_property
    def links(self) -> list[tuple[int, int]]:
        """Pairs of a source and a target word that belong together, in order; a word may have none or several."""
        return best_links(self.weights)


def align(
    tokenizer: Tokenizer,
    source: str,
    parts: Sequence[tuple[Sequence[int], Hypothesis]],
    dictionary: Dictionary | None = None,
) -> Alignment:
    """The alignment of a normalized source with its translation, part by part.

    Each part is what the engine was given, tag and end included, and what it found; translations are joined by spaces.
    """
    source_ids = [number for ids, _ in parts for number in ids[1:-1]]
    target_ids = [int(number) for _, found in parts for number in found.ids]
    source_pieces = tokenizer.cut(source, source_ids)
    target, target_pieces = "", []
    attention = np.zeros((sum(len(one.ids) for _, one in parts), len(source_pieces)), np.float32)
    gained = [float(one) for _, found in parts for one in found.log_probabilities[: len(found.ids)]]
    ends = [float(one) for _, found in parts for one in found.log_probabilities[len(found.ids) :]]
    rows = columns = 0
    for ids, hypothesis in parts:
        text, spans = _normalized(*tokenizer.spell(hypothesis.ids))
        start = len(target) + bool(rows or columns)
        target = f"{target} {text}" if rows or columns else text
        target_pieces += [(start + one, start + other) for one, other in spans]
        width = len(ids) - len(["tag", "end"])
        given = np.asarray(hypothesis.attention, np.float32)[: len(spans), 1 : 1 + width]
        attention[rows : rows + given.shape[0], columns : columns + given.shape[1]] = given
        rows, columns = rows + len(spans), columns + width
    known = attention, gained, sum(ends), source_ids, target_ids, dictionary
    return Alignment(source, target, source_pieces, target_pieces, *known)


def _normalized(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """The text normalized, and what became of the spans."""
    traced = Traced.original(text).normalized()
    if traced.text == text:
        return text, list(spans)
    starts, ends = [start for start, _ in traced.spans], [end for _, end in traced.spans]
    # What has become nothing is an empty span at the place where it was.
    found = ((bisect_right(ends, start), bisect_left(starts, end)) for start, end in spans)
    return traced.text, [(first, max(first, last)) for first, last in found]


def word_attention(attention: np.ndarray, source: Side, target: Side) -> np.ndarray:
    """How much each target word attends to each source word: (target words, source words), rows sum to at most 1.

    `attention` (T, S) is that of source pieces alone.
    """
    weights = attention / np.maximum(attention.sum(axis=1, keepdims=True), 1e-9)
    of_source, of_target = membership(source.pieces, source.words), membership(target.pieces, target.words)
    of_source /= np.maximum(of_source.sum(axis=0), 1)
    return of_target / np.maximum(of_target.sum(axis=1, keepdims=True), 1) @ weights @ of_source.T


def link_weights(attention: np.ndarray, source: Side, target: Side, dictionary: Dictionary | None) -> np.ndarray:
    """How surely each two words belong together, by `word_attention` and what is known of the words: of its shape."""
    if dictionary:
        return dictionary.weights(source, target, attention)
    return attention * nearness(len(target.words), len(source.words), DAMPING)


def best_links(weights: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of a source and a target word by these word weights: (target words, source words)."""
    if not weights.size:
        return []
    found = {(int(row.argmax()), place) for place, row in enumerate(weights) if row.max() >= LEAST_WEIGHT}
    linked = {source for source, _ in found}
    for source, column in enumerate(weights.T):
        if source not in linked and column.max() >= LEAST_WEIGHT_UNLINKED:
            found.add((source, int(column.argmax())))
    return sorted(found)


def alignment_error_rate(
    links: AbstractSet[tuple[int, int]], sure: AbstractSet[tuple[int, int]], possible: AbstractSet[tuple[int, int]]
) -> float:
    """1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|), sure links counting as possible (Och & Ney 2003, §5.1); 0 is the best."""
    total = len(links) + len(sure)
    return 1 - (len(links & sure) + len(links & (possible | sure))) / total if total else 0.0
