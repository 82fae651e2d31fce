"""A text that was made of another one, and which characters of the other one each of its characters was made of."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mt.text.normalization import SHAPELESS, limit_marks, refuse_surrogates

Span = tuple[int, int]  # start and end, in characters


class Edit(NamedTuple):
    """What is written in the place of a span; an insertion where the span is empty."""

    start: int
    end: int
    text: str


class Traced(NamedTuple):
    """A text, and for each of its characters the span of the original that it was made of, in order."""

    text: str
    spans: list[Span]

    @classmethod
    def original(cls, text: str) -> "Traced":
        """The text made of itself."""
        return cls(text, [(place, place + 1) for place in range(len(text))])

    def origin(self, start: int, end: int) -> Span:
        """The span of the original that this span, not empty, was made of."""
        return self.spans[start][0], self.spans[end - 1][1]

    def edited(self, edits: Sequence[Edit]) -> "Traced":
        """With these edits, in order and apart from each other; of equal length, each character is made of its own."""
        text, spans, done = "", [], 0
        for edit in edits:
            text += self.text[done : edit.start] + edit.text
            spans += self.spans[done : edit.start] + self._spans_of(edit)
            done = edit.end
        return Traced(text + self.text[done:], spans + self.spans[done:])

    def normalized(self) -> "Traced":
        """In the form of mt.text.normalize, which says what happens to which character."""
        refuse_surrogates(self.text)
        shaped = [place for place, character in enumerate(self.text) if not SHAPELESS.match(character)]
        kept = Traced("".join(self.text[place] for place in shaped), [self.spans[place] for place in shaped])
        return kept._composed()._spaced()

    def _spans_of(self, edit: Edit) -> list[Span]:
        if len(edit.text) == edit.end - edit.start:
            return self.spans[edit.start : edit.end]
        if edit.start < edit.end:
            return [self.origin(edit.start, edit.end)] * len(edit.text)
        place = self.spans[edit.start][0] if edit.start < len(self.spans) else self._end
        return [(place, place)] * len(edit.text)

    @property
    def _end(self) -> int:
        return self.spans[-1][1] if self.spans else 0

    def _composed(self) -> "Traced":
        """In NFC, with no more marks on one letter than the normal form has."""
        if self.text.isascii() or (unicodedata.is_normalized("NFC", self.text) and limit_marks(self.text) == self.text):
            return self
        text, spans = "", []
        for start, end in _clusters(self.text):
            composed = limit_marks(unicodedata.normalize("NFC", limit_marks(self.text[start:end])))
            text += composed
            spans += self._spans_of(Edit(start, end, composed)) if composed else []
        return Traced(text, spans)

    def _spaced(self) -> "Traced":
        """With one space for each run of white space, and none at the ends."""
        words = list(_WORD.finditer(self.text))
        gaps = [Edit(one.end(), other.start(), " ") for one, other in pairwise(words)]
        ends = [Edit(0, words[0].start(), ""), *gaps, Edit(words[-1].end(), len(self.text), "")] if words else []
        return self.edited(ends) if words else Traced("", [])


_WORD = re.compile(r"\S+")
_JAMO = re.compile("[\u1160-\u11ff]")  # Hangul letters that join what stands before them


def _clusters(text: str) -> Iterator[Span]:
    """Each character with the marks behind it: what NFC may join never reaches over their borders."""
    start = 0
    for place, character in enumerate(text):
        joins = unicodedata.category(character).startswith("M") or _JAMO.match(character)
        if place and (not joins or text[start].isspace()):
            yield start, place
            start = place
    if text:
        yield start, len(text)
