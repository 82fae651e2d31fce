"""Why a translation is what it is: how much each of its words looked at each of the text's."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mt.inside import Inside
from mt.linking import membership
from mt.protecting.preparation import Prepared
from mt.protecting.restoration import Restored
from mt.text.tracing import Span


@dataclass(frozen=True)
class Explanation:
    """The words of a sentence and of its translation; spans are characters of the text and of the translation."""

    source: Span  # of the sentence
    target: Span
    source_words: tuple[Span, ...]  # words and signs, in order, apart from each other; what must not change is one
    target_words: tuple[Span, ...]
    attention: np.ndarray = field(compare=False)  # (target words, source words) float32, rows sum to 1
    links: tuple[tuple[int, int], ...] = ()  # places of a source and a target word that belong together, in order
    protected: tuple[Span, ...] = ()  # what must not change in the sentence
    source_pieces: tuple[Span, ...] = ()  # what the model read, in order; empty where nothing of the text became one
    target_pieces: tuple[Span, ...] = ()  # what it wrote; empty where something else stands there
    # Natural-log, none where the bundle's SavedModel is too old to give them: of each target piece, of each target word
    # the sum of its pieces', and of the end. Words and end together are the score, and so are pieces and end.
    piece_log_probabilities: tuple[float, ...] = ()
    log_probabilities: tuple[float, ...] = ()  # 0 for a word that was put in unchanged
    end_log_probability: float = 0.0
    confidence: float | None = None  # mt.confidence in the sentence; None where the bundle or the search does not tell
    # That in each target word, None for what must not change; none where the bundle or the search does not tell.
    word_confidences: tuple[float | None, ...] = ()
    inside: tuple[Inside, ...] = ()  # what happened in the network, of each part of the sentence; only if asked for

    def moved(self, source: int, target: int) -> "Explanation":
        """Of the same sentence so many characters further behind in the text and in the translation."""
        return replace(
            self,
            source=_moved(self.source, source),
            target=_moved(self.target, target),
            source_words=tuple(_moved(word, source) for word in self.source_words),
            target_words=tuple(_moved(word, target) for word in self.target_words),
            protected=tuple(_moved(item, source) for item in self.protected),
            source_pieces=tuple(_moved(piece, source) for piece in self.source_pieces),
            target_pieces=tuple(_moved(piece, target) for piece in self.target_pieces),
        )


def explain(
    prepared: Prepared,
    restored: Restored,
    confidence: float | None = None,
    word_confidences: Sequence[float] | None = None,
) -> Explanation:
    """The explanation of a sentence, which begins at 0 here, by what the model looked at.

    A sentence that no model has read has no words. The confidences are those in the sentence and in each target word of
    the model's.
    """
    found = restored.found
    spans = (0, len(prepared.original)), (0, len(restored.text))
    protected = tuple((standing.item.start, standing.item.end) for standing in prepared.standings)
    if not found:
        return Explanation(*spans, (), (), np.zeros((0, 0), np.float32), (), protected)
    sources = [_around(word, prepared.traced.spans) for word in found.source_words]
    targets = [_around(word, restored.spans) for word in found.target_words]
    source_words = _apart([*sources, *(source for source, _ in restored.links)])
    target_words = _apart([*targets, *(target for _, target in restored.links)])
    links = sorted({(_place(source, source_words), _place(target, target_words)) for source, target in restored.links})
    attention = membership(targets, target_words) @ found.word_attention @ membership(sources, source_words).T
    target_pieces = tuple(_around(piece, restored.spans) for piece in found.target_pieces)
    return Explanation(
        *spans,
        source_words,
        target_words,
        _summing_to_one(attention, links),
        tuple(links),
        protected,
        confidence=confidence,
        word_confidences=_lowest(word_confidences, targets, target_words),
        source_pieces=tuple(_around(piece, prepared.traced.spans) for piece in found.source_pieces),
        target_pieces=target_pieces,
        piece_log_probabilities=tuple(found.log_probabilities),
        log_probabilities=_sums(found.log_probabilities, target_pieces, target_words),
        end_log_probability=found.end_log_probability,
    )


def _around(span: Span, spans: Sequence[Span]) -> Span:
    """Where characters of the model's, which have these spans, stand; empty for a stand-in, whose item has a link."""
    if span[0] >= span[1]:
        place = spans[span[0]][0] if span[0] < len(spans) else spans[-1][1] if spans else 0
        return place, place
    start, end = spans[span[0]][0], spans[span[1] - 1][1]
    return start, max(start, end)


def _lowest(values: Sequence[float] | None, spans: Sequence[Span], words: Sequence[Span]) -> tuple[float | None, ...]:
    """For each word the lowest value of the spans that have characters in common with it, or None."""
    if values is None:
        return ()
    found: list[float | None] = [None] * len(words)
    for value, (start, end) in zip(values, spans, strict=True):
        if start < end:
            place = _place((start, end), words)
            before = found[place]
            found[place] = value if before is None else min(value, before)
    return tuple(found)


def _sums(log_probabilities: Sequence[float], pieces: Sequence[Span], words: Sequence[Span]) -> tuple[float, ...]:
    """Of each word that of its pieces; what is in no word counts to the next one, or else to the last."""
    if not log_probabilities or not words:
        return ()
    sums, ends = [0.0] * len(words), [end for _, end in words]
    for gained, (start, _) in zip(log_probabilities, pieces, strict=True):
        sums[min(bisect_right(ends, start), len(words) - 1)] += gained
    return tuple(sums)


def _apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, without empty ones; those that have characters in common are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return tuple(found)


def _place(span: Span, words: Sequence[Span]) -> int:
    """Which of the words has the beginning of this span."""
    return bisect_right(words, span[0], key=lambda word: word[0]) - 1


def _summing_to_one(attention: np.ndarray, links: Sequence[tuple[int, int]]) -> np.ndarray:
    """With rows that sum to 1; a word that nothing was looked at for comes from those that it is linked to, or any."""
    for source, target in links:
        if not attention[target].any():
            attention[target, source] = 1
    attention[~attention.any(axis=1)] = 1
    return attention / np.maximum(attention.sum(axis=1, keepdims=True), 1e-9)


def _moved(span: Span, distance: int) -> Span:
    return span[0] + distance, span[1] + distance
