"""Which stretch of a translation comes of which stretch of its source, made fine enough to place tags by."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mt.text.markup.run import words

Span = tuple[int, int]
Link = tuple[Span, Span]  # source characters, target characters


class Piece(NamedTuple):
    """source[source_start:source_stop] became target[start:stop]; both hold words, and no cut lies in the source's."""

    source_start: int
    source_stop: int
    start: int
    stop: int
    is_copy: bool


def word_links(source: str, target: str, links: Iterable[Link]) -> list[Link]:
    """The links without white space at their ends; those between several words word by word, in order.

    Links may be of any kind and reach out of the texts; what links nothing is left out.
    """
    found: list[Link] = []
    for of_source, of_target in links:
        source_words, target_words = _inside(source, of_source), _inside(target, of_target)
        if source_words[0] < source_words[1] and target_words[0] < target_words[1]:
            found += _spread(source, target, (source_words, target_words))
    return found


def pieces(source: str, target: str, links: Iterable[Link], cuts: Sequence[int]) -> list[Piece]:
    """Links of words in the order of the source, cut at these places of the source, which are in order."""
    return sorted(
        {piece for link in links for piece in _cut(source, target, _without_marks(source, target, link), cuts)}
    )


def _inside(text: str, span: Span) -> Span:
    return words(text, max(span[0], 0), max(span[1], 0))


def _spread(source: str, target: str, link: Link) -> Iterator[Link]:
    """A link between several words as links of the n-th word to the n-th, in proportion."""
    (start, stop), span = link
    sources = list(_words(source, start, stop))
    if len(sources) == 1:
        yield link
        return
    targets = list(_words(target, *span))
    for number, one in enumerate(sources):
        first = number * len(targets) // len(sources)
        last = max(first + 1, (number + 1) * len(targets) // len(sources)) - 1
        yield one, (targets[first][0], targets[last][1])


def _words(text: str, start: int, stop: int) -> Iterator[Span]:
    while start < stop:
        end = start
        while end < stop and not text[end].isspace():
            end += 1
        if end > start:
            yield start, end
        start = end + 1


def _without_marks(source: str, target: str, link: Link) -> Link:
    """The link without the punctuation at its ends that only one side has there."""
    (source_start, source_stop), (start, stop) = link
    if all(map(_is_mark, source[source_start:source_stop])):
        return (source_start, source_stop), _marks_only(target, start, stop)
    if all(map(_is_mark, target[start:stop])):
        return link
    if not (_is_mark(source[source_start]) and _is_mark(target[start])):
        source_start, start = _behind_marks(source, source_start), _behind_marks(target, start)
    if not (_is_mark(source[source_stop - 1]) and _is_mark(target[stop - 1])):
        source_stop, stop = _before_marks(source, source_stop), _before_marks(target, stop)
    return (source_start, source_stop), (start, stop)


def _marks_only(target: str, start: int, stop: int) -> Span:
    """Of a word, the marks at its end, or else at its beginning: a full stop is not where a word comes from."""
    if all(map(_is_mark, target[start:stop])):
        return start, stop
    last = _before_marks(target, stop)
    return (last, stop) if last < stop else (start, _behind_marks(target, start))


def _behind_marks(text: str, start: int) -> int:
    """The next place from which the text goes on with something else than a mark, which there is."""
    while _is_mark(text[start]):
        start += 1
    return start


def _before_marks(text: str, stop: int) -> int:
    while _is_mark(text[stop - 1]):
        stop -= 1
    return stop


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _cut(source: str, target: str, link: Link, cuts: Sequence[int]) -> Iterator[Piece]:
    """The pieces of a link between the cuts: equal ends belong together, what is between them in proportion."""
    (source_start, source_stop), (start, stop) = link
    places = cuts[bisect_right(cuts, source_start) : bisect_left(cuts, source_stop)]
    of_source, of_target = source[source_start:source_stop], target[start:stop]
    if not places or not of_target:
        if of_target:
            yield Piece(source_start, source_stop, start, stop, of_source == of_target)
        return
    prefix, suffix = _equal_ends(of_source, of_target)
    before, last = source_start, start
    for place in [*dict.fromkeys(places), source_stop]:
        end = start + _counterpart(place - source_start, len(of_source), len(of_target), (prefix, suffix))
        while start < end < stop and unicodedata.combining(target[end]):
            end += 1  # a letter keeps its accents
        if last < end:
            yield Piece(before, place, last, end, source[before:place] == target[last:end])
        before, last = place, end


def _equal_ends(one: str, other: str) -> tuple[int, int]:
    """How many characters at the beginning and, of the rest, at the end are equal."""
    most = min(len(one), len(other))
    prefix = next((place for place in range(most) if one[place] != other[place]), most)
    most -= prefix
    return prefix, next((place for place in range(most) if one[-1 - place] != other[-1 - place]), most)


def _counterpart(place: int, source: int, target: int, equal: tuple[int, int]) -> int:
    """Where a place in a source of this length is in its target."""
    prefix, suffix = equal
    if place <= prefix:
        return place
    if place >= source - suffix:
        return target - (source - place)
    return prefix + (place - prefix) * (target - prefix - suffix) // (source - prefix - suffix)
