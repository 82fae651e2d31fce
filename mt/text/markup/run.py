"""A run: the plain text of one block with the markers in it, or of one attribute; what is translated as a whole."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\S")


class Marker(NamedTuple):
    """A tag or an item at text[start:stop] of a run's text; of that it shows only white space, usually nothing."""

    start: int
    stop: int
    raw: tuple["str | Run", ...]  # as it is written; a Run is an attribute to translate


@dataclass
class Element:
    """A pair of tags with words in it, or an item (start is its only marker), by the places of its markers."""

    opening: int  # index of its marker
    closing: int = -1  # that of its end tag, equal to opening for an item
    start: int = 0  # where its words begin and end in the text; for an item, where it stands
    stop: int = 0
    children: list["Element"] = field(default_factory=list)

    @property
    def is_item(self) -> bool:
        """Whether it has no words."""
        return self.opening == self.closing


class Gap(NamedTuple):
    """What stands between two words or before, after or in one: text[start:stop], white space, and some markers."""

    start: int
    stop: int
    first: int  # its markers are those from first
    last: int  # up to last, last not included


@dataclass(frozen=True, eq=False)
class Run:
    """Plain text with everything that is needed to write it again as it was.

    `forms` tells how characters are written that do not stand for themselves; "" for the further ones of an entity.
    """

    text: str
    forms: dict[int, str] = field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
    root: Element = field(default_factory=lambda: Element(-1, -2))
    quote: str = ""  # around an attribute
    is_quoted: bool = True  # False for an attribute without quotes, which gets them with a new value
    kind: str = "text"  # of form.KINDS

    @cached_property
    def span(self) -> tuple[int, int]:
        """Where its words begin and end."""
        return words(self.text, 0, len(self.text))

    @property
    def source(self) -> str:
        """What is to be translated: its words, without the white space at both ends."""
        return self.text[slice(*self.span)]

    def attributes(self) -> Iterator["Run"]:
        """The runs inside its tags."""
        for marker in self.markers:
            yield from (part for part in marker.raw if isinstance(part, Run))

    def raw(self, start: int, stop: int, markers: Sequence[Marker] = ()) -> Iterator["str | Run"]:
        """text[start:stop] as it is written, with these markers, which are in order."""
        return written(self.text, self.forms, (start, stop), markers)

    @cached_property
    def gaps(self) -> list[Gap]:
        """All its gaps in order; those before the first and after the last word too, even without anything in them."""
        return gaps(self.text, [(marker.start, marker.stop) for marker in self.markers])

    @cached_property
    def gap_of(self) -> list[Gap]:
        """The gap of each marker."""
        return [gap for gap in self.gaps for _ in range(gap.first, gap.last)]

    @cached_property
    def element_of(self) -> dict[int, Element]:
        """The element of each marker."""
        found = {}
        waiting = list(self.root.children)
        while waiting:
            element = waiting.pop()
            found[element.opening] = found[element.closing] = element
            waiting += element.children
        return found


def written(
    text: Sequence[str], forms: Mapping[int, str], span: tuple[int, int], markers: Sequence[Marker] = ()
) -> Iterator[str | Run]:
    """These characters as they are written, with these markers, which are in order."""
    start, stop = span
    for marker in markers:
        yield _characters(text, forms, start, marker.start)
        yield from marker.raw
        start = marker.stop
    yield _characters(text, forms, start, stop)


def _characters(text: Sequence[str], forms: Mapping[int, str], start: int, stop: int) -> str:
    if not forms:
        return "".join(text[start:stop])
    return "".join(forms.get(place, text[place]) for place in range(start, stop))


def words(text: str, start: int, stop: int) -> tuple[int, int]:
    """Where the words of text[start:stop] begin and end; (start, start) when it has none."""
    found = _WORD.search(text, start, stop)
    if not found:
        return start, start
    return found.start(), start + len(text[start:stop].rstrip())


def gaps(text: str, places: Sequence[tuple[int, int]]) -> list[Gap]:
    """The gaps of a text with markers at these places, which are in order."""
    stretches = [found.span() for found in SPACE.finditer(text)]
    if not stretches or stretches[0][0] > 0:
        stretches.insert(0, (0, 0))
    if stretches[-1][1] < len(text):
        stretches.append((len(text), len(text)))
    found = []
    marker = 0
    for start, stop in stretches:
        while marker < len(places) and places[marker][0] < start:  # inside a word
            first, place = marker, places[marker][0]
            while marker < len(places) and places[marker][0] == place:
                marker += 1
            found.append(Gap(place, place, first, marker))
        first = marker
        while marker < len(places) and places[marker][0] <= stop:
            marker += 1
        found.append(Gap(start, stop, first, marker))
    assert marker == len(places), (marker, places)
    return found
