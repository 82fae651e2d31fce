"""Texts to ids of their words, lower-cased."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from mt.text.tracing import Span
from mt.text.words import words
from training.data.rows import Rows, make_rows

UNKNOWN = 1  # 0 is the null word
LAST_PLACE = 2**16 - 1


class Vocabulary:
    """The ids of the words of one language, from 2 on in the order of their coming; a word that is new has UNKNOWN."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        """One more than the highest id."""
        return len(self._ids) + 2

    def learn(self, sentences: Iterable[Sequence[str]]) -> Rows:
        """The ids of the words of each sentence; each new one gets one."""
        return make_rows(([self._learn(word.lower()) for word in one] for one in sentences), np.int32)

    def ids(self, sentences: Iterable[Sequence[str]]) -> Rows:
        """The ids of the words of each sentence."""
        return make_rows(([self._ids.get(word.lower(), UNKNOWN) for word in one] for one in sentences), np.int32)

    def _learn(self, word: str) -> int:
        return self._ids.setdefault(word, len(self))


def split(text: str) -> list[str]:
    """The words and signs of a text."""
    return [text[start:end] for start, end in spans(text)]


def spans(text: str) -> list[Span]:
    """What mt.text.words finds, the faster for remembering what stands between spaces."""
    found, start = [], 0
    for part in text.split(" "):
        found += [(start + first, start + last) for first, last in _words(part)]
        start += len(part) + 1
    return found


def word_ends(texts: Iterable[str]) -> Rows:
    """Where each word of each text ends, in characters, at most LAST_PLACE."""
    return make_rows(([min(end, LAST_PLACE) for _, end in spans(text)] for text in texts), np.uint16)


_words = lru_cache(200_000)(words)
