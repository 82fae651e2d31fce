"""Where in a translation the items of its source belong that the model did not see."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mt.alignment import Alignment
from mt.protecting.preparation import Prepared, Standing, beside
from mt.text.tracing import Span
from mt.text.words import has_letters

# The weight from which on a word that comes from a lost stand-in stands for it, such as a number in letters. Of 0.25,
# 0.35 and 0.5 the best BLEU on pairs with numbers, in both directions.
_CLEAR = 0.35
_TAG = re.compile(r"<(/?)([\w:.-]+)[^>]*?(/?)>")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_NO_SIGN = re.compile(r"[\w\s]")


class Placement(NamedTuple):
    """A stretch of a translation, empty for an insertion, and what is written there."""

    start: int
    end: int
    number: int | None  # of the standing; None where a stand-in too many is taken away


class Placements(NamedTuple):
    """Of all items of a sentence one each, those taken away, and whether some of them are guesses."""

    all: list[Placement]
    is_guess: bool


def place_items(prepared: Prepared, found: Alignment) -> Placements:
    """One placement for each standing of a sentence, in the order of the translation, apart from each other.

    A stand-in is replaced wherever the model put it, the one that comes from it by attention if it is there several
    times; what was left out, or lost, goes where the words beside it went.
    """
    return _Placing(prepared, found).placements()


class _Placing:
    """The items of one sentence being placed."""

    def __init__(self, prepared: Prepared, found: Alignment) -> None:
        self._standings, self._found = prepared.standings, found
        self._places = [prepared.place(standing) for standing in prepared.standings]
        self._glued = [is_glued(prepared.original, standing) for standing in prepared.standings]
        self._done: list[Placement] = []
        self._is_guess = False

    def placements(self) -> Placements:
        shown = [number for number, standing in enumerate(self._standings) if standing.stand_in]
        lost = [number for number in shown if not self._replace(number)]
        for number in shown:
            self._take_away(self._standings[number])
        for number in lost:
            if not self._replace_what_came_of(number):
                self._is_guess = True
                self._insert(number, *self._beside(number))
        pairs = dict(_pairs(self._standings))
        for opening, closing in pairs.items():
            self._insert_pair(opening, closing)
        paired = {*pairs, *pairs.values()}
        for number, standing in enumerate(self._standings):
            if not standing.stand_in and number not in paired:
                self._insert(number, *self._beside(number))
        return Placements(sorted(self._done, key=_order), self._is_guess)

    def _replace(self, number: int) -> bool:
        """Whether the stand-in came through, and if so, the item stands in its place."""
        spans = _occurrences(self._standings[number].stand_in, self._found.target)
        return self._replace_one_of([span for span in spans if self._is_free(span)], number)

    def _replace_one_of(self, spans: Sequence[Span], number: int) -> bool:
        """Whether there are any; the item stands in the place of the one that comes from its stand-in the most."""
        weights = self._weights_of(number)
        if spans:
            best = max(spans, key=lambda span: sum(weights[word] for word in self._target_words(span)))
            self._done.append(Placement(*best, number))
        return bool(spans)

    def _take_away(self, standing: Standing) -> None:
        """What else the model made of a stand-in, with a space beside it."""
        if standing.stand_in == standing.text:
            return
        for span in _occurrences(standing.stand_in, self._found.target):
            if self._is_free(span):
                wider = (one for one in _with_a_space(self._found.target, span) if self._is_free(one))
                self._done.append(Placement(*next(wider, span), None))

    def _replace_what_came_of(self, number: int) -> bool:
        """Whether something in the translation comes from a lost stand-in, and if so, the item stands in its place."""
        weights = self._weights_of(number)
        spans = self._other_numbers() if self._standings[number].stand_in.isdigit() else []
        if not spans:
            likely = (span for word, span in enumerate(self._found.target_words) if weights[word] >= _CLEAR)
            spans = [span for span in likely if self._is_free(span) and has_letters(self._found.target[slice(*span)])]
        return self._replace_one_of(spans, number)

    def _other_numbers(self) -> list[Span]:
        """Numbers of the translation that its source has not."""
        known = {found.group() for found in _NUMBER.finditer(self._found.source)}
        found = [found.span() for found in _NUMBER.finditer(self._found.target) if found.group() not in known]
        return [span for span in found if self._is_free(span)]

    def _insert_pair(self, opening: int, closing: int) -> None:
        """A tag and its end tag around all that became of the words between them."""
        inside = range(*(len(self._words_before(number)) for number in (opening, closing)))
        before, behind = range(inside.start), range(inside.stop, len(self._found.source_words))
        words = [word for source in inside if self._has_letters(source) for word in self._linked(source)]
        if words and any(map(self._has_letters, [*before, *behind])):
            spans = [self._found.target_words[word] for word in words]
            self._insert(opening, min(start for start, _ in spans))
            self._insert(closing, max(end for _, end in spans))
            return
        first, last = self._beside(opening), self._beside(closing)
        self._insert(opening, *first)
        self._insert(closing, max(first[0], last[0]), last[1])

    def _insert(self, number: int, place: int, is_known: bool = True) -> None:
        covering = (end for start, end, _ in self._done if start < place < end)
        place = next(covering, place)
        self._done.append(Placement(place, place, number))
        self._is_guess |= not is_known

    def _beside(self, number: int) -> tuple[int, bool]:
        """The place beside what became of the words beside an item, and whether these are known."""
        target, before = self._found.target, self._words_before(number)
        behind = self._words_behind(number)
        if not any(map(self._has_letters, behind)):
            return len(target) - (len(_trailing_signs(target)) if behind else 0), True
        if not any(map(self._has_letters, before)):
            return len(_leading_signs(target)) if before else 0, True
        sides = [(reversed(before), 1), (behind, 0)]
        for words, side in reversed(sides) if self._glued[number] == (False, True) else sides:
            nearest = next(word for word in words if self._has_letters(word))
            places = [self._found.target_words[word][side] for word in self._linked(nearest)]
            if places:
                return (max(places) if side else min(places)), True
        return self._in_proportion(len(before), is_opening=self._glued[number] == (False, True)), False

    def _in_proportion(self, before: int, is_opening: bool) -> int:
        """Behind as large a part of the words of the translation, or before the rest."""
        spans = self._found.target_words
        share = before * len(spans) // max(len(self._found.source_words), 1)
        if is_opening and share < len(spans):
            return spans[share][0]
        return spans[share - 1][1] if share else 0

    def _words_before(self, number: int) -> range:
        """Source words that stand before an item."""
        return range(sum(end <= self._places[number][0] for _, end in self._found.source_words))

    def _words_behind(self, number: int) -> range:
        count = len(self._found.source_words)
        return range(count - sum(start >= self._places[number][1] for start, _ in self._found.source_words), count)

    def _has_letters(self, source_word: int) -> bool:
        return has_letters(self._found.source[slice(*self._found.source_words[source_word])])

    def _linked(self, source_word: int) -> list[int]:
        """Target words that come from a source word."""
        return [target for source, target in self._found.links if source == source_word]

    def _weights_of(self, number: int) -> np.ndarray:
        """How much each target word comes from the stand-in: (target words,)."""
        start, end = self._places[number]
        words = [word for word, (one, other) in enumerate(self._found.source_words) if one < end and other > start]
        return self._found.weights[:, words].sum(axis=1)

    def _target_words(self, span: Span) -> list[int]:
        spans = self._found.target_words
        return [word for word, (start, end) in enumerate(spans) if start < span[1] and end > span[0]]

    def _is_free(self, span: Span) -> bool:
        return all(end <= span[0] or start >= span[1] for start, end, _ in self._done)


def _occurrences(stand_in: str, text: str) -> list[Span]:
    """Where a stand-in comes as a word, also with an s, or as a whole number, also as 150th or 150-mal."""
    name, number = rf"(?<!\w){stand_in}s?(?!\w)", rf"(?<!\w)(?<!\d[.,:/]){stand_in}(?!\d|[.,:/]\d)"
    return [found.span() for found in re.finditer(number if stand_in.isdigit() else name, text)]


def _with_a_space(text: str, span: Span) -> Iterator[Span]:
    """The span with a space beside it, if there is any."""
    start, end = span
    if text[end : end + 1] == " ":
        yield start, end + 1
    if text[:start].endswith(" "):
        yield start - 1, end


def _leading_signs(text: str) -> str:
    return _NO_SIGN.split(text, maxsplit=1)[0]


def _trailing_signs(text: str) -> str:
    return _leading_signs(text[::-1])[::-1]


def _pairs(standings: Sequence[Standing]) -> Iterator[tuple[int, int]]:
    """The numbers of tags and of the end tags that belong to them, the inner ones first."""
    open_tags: list[tuple[str, int]] = []
    for number, standing in enumerate(standings):
        tag = _TAG.fullmatch(standing.text) if not standing.stand_in else None
        if tag and tag[1]:
            opened = next((one for one in reversed(open_tags) if one[0] == tag[2]), None)
            if opened:
                del open_tags[open_tags.index(opened) :]
                yield opened[1], number
        elif tag and not tag[3]:
            open_tags.append((tag[2], number))


def is_glued(original: str, standing: Standing) -> tuple[bool, bool]:
    """Whether there is no space before an item, and none behind it."""
    before, behind = beside(original, standing.item)
    return bool(before.strip()), bool(behind.strip())


def _order(placement: Placement) -> tuple[int, int, int]:
    return placement.start, placement.end, -1 if placement.number is None else placement.number
