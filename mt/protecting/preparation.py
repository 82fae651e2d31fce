"""A sentence as the model reads it: stand-ins for what must not change, and ordinary casing.

Which stand-ins work was measured with the shipped translator. Of 40 sentences with a gap for a word, written for this,
Tom, Boston and Facebook come through 39 times, Paris 35, 47 30 times, other names, capital letters and made-up words
seldom; to leave the word out breaks many sentences. Numbers of up to four digits come through best as they are (BLEU
against 150 for those of up to three, on pairs whose numbers agree: 37.2, not 36.8, en-de, 42.0, not 40.5, de-en), times
of day as a whole hour (0.93 of them instead of 0.06 en-de, 0.97 instead of 0.89 de-en), other numbers with separators
as a round number (0.79 instead of 0.11, 0.90 instead of 0.05). Tags and emoji are left out, as the model never saw any.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from mt.text import normalize
from mt.text.casing import Likelihood, Style, truecased
from mt.text.protection import BESIDE_WORDS, Item
from mt.text.tracing import Edit, Span, Traced
from mt.text.words import has_letters

NAMES = ("Tom", "Boston", "Facebook", "Paris", "Jackson")
NAMES_OF_ADDRESSES = ("Facebook", "Boston", "Paris", "Tom", "Jackson")
NUMBERS = ("150", "20", "300", "7", "450", "35")
HOURS = ("7", "8", "9", "6", "10", "11")
_COPIED = re.compile(r"\d{1,4}")  # numbers that models write as they are more often than not
_NEEDS_NO_SPACE = ("", " ", *".,;:!?…)")
_TIME = re.compile(r"\d{1,2}[:.]\d\d")


@dataclass(frozen=True)
class Standing:
    """An item of a sentence, and what stands for it in the model's source."""

    item: Item
    text: str  # as it must come through
    stand_in: str  # "" = it is left out


@dataclass(frozen=True)
class Prepared:
    """A sentence, and how it is changed for the model."""

    original: str
    standings: tuple[Standing, ...] = ()
    style: Style = Style.ORDINARY
    edits: tuple[Edit, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether a translation has to be changed back."""
        return bool(self.standings or self.edits)

    @property
    def text(self) -> str:
        """What the model reads, normalized; "" for a sentence that stays as it is."""
        if not has_letters(_without(self.original, [standing.item for standing in self.standings])):
            return ""
        return self.traced.text if self.is_changed else normalize(self.original)

    @cached_property
    def traced(self) -> Traced:
        """What the model reads, traced to the original."""
        return Traced.original(self.original).edited(self.edits).normalized()

    def place(self, standing: Standing) -> Span:
        """Where a stand-in is in what the model reads, or the place where something was left out."""
        start = bisect_right(self.traced.spans, standing.item.start, key=lambda span: span[1])
        end = bisect_left(self.traced.spans, standing.item.end, key=lambda span: span[0])
        return start, max(start, end) if standing.stand_in else start


def prepare(original: str, items: Sequence[Item], likelihood: Likelihood) -> Prepared:
    """How a sentence with these items, in order, is changed for the model; `likelihood` is that of single words."""
    style, casing = truecased(_without(original, items), likelihood)
    standings = tuple(_standings(original, items))
    edits = sorted([*casing, *_item_edits(original, standings)])
    return Prepared(original, standings, style, tuple(edits))


def beside(text: str, item: Item) -> tuple[str, str]:
    """The characters before and behind an item, "" where there is none."""
    return text[max(item.start - 1, 0) : item.start], text[item.end : item.end + 1]


def _without(text: str, items: Sequence[Item]) -> str:
    """The text with spaces in the place of items."""
    borders = [0, *(place for item in items for place in (item.start, item.end)), len(text)]
    pieces = [text[start:end] for start, end in pairwise(borders)]
    return "".join(" " * len(one) if number % 2 else one for number, one in enumerate(pieces))


def _standings(original: str, items: Iterable[Item]) -> Iterator[Standing]:
    taken = set(re.findall(r"\w+", original.casefold()))
    for item in items:
        text = original[item.start : item.end]
        # A name or number that is glued to a word would be read as a part of it.
        possible = () if any(map(str.isalnum, beside(original, item))) else _candidates(item, text)
        candidates = [one for one in possible if one == text or one.casefold() not in taken]
        stand_in = next(iter(candidates), "")
        taken.add(stand_in.casefold())
        yield Standing(item, text, stand_in)


def _candidates(item: Item, text: str) -> tuple[str, ...]:
    """What may stand for an item, the best first."""
    if item.kind in BESIDE_WORDS:
        return ()
    if item.kind == "number":
        return (text,) if _COPIED.fullmatch(text) else HOURS if _TIME.fullmatch(text) else NUMBERS
    return NAMES_OF_ADDRESSES if item.kind == "address" else NAMES


def _item_edits(original: str, standings: Sequence[Standing]) -> Iterator[Edit]:
    """What puts stand-ins in the places of items; items side by side that are left out are one gap."""
    shown = [standing for standing in standings if standing.stand_in]
    borders = {place for standing in shown for place in standing.item[:2]}
    yield from (Edit(standing.item.start, standing.item.end, standing.stand_in) for standing in shown)
    gap: list[int] = []
    for standing in standings:
        (start, end, _), stand_in = standing.item, standing.stand_in
        if gap and (stand_in or gap[1] != start):
            yield _gap_edit(original, (gap[0], gap[1]), borders)
            gap = []
        if not stand_in:
            gap = [gap[0] if gap else start, end]
    if gap:
        yield _gap_edit(original, (gap[0], gap[1]), borders)


def _gap_edit(original: str, gap: Span, borders: AbstractSet[int]) -> Edit:
    """What closes a gap: a space between words, nothing elsewhere, not even a space that nothing needs."""
    start, end = gap
    before, behind = original[max(start - 1, 0) : start], original[end : end + 1]
    if (before.isalnum() or start in borders) and (behind.isalnum() or end in borders):
        return Edit(start, end, " ")
    return Edit(start - (before == " " and behind in _NEEDS_NO_SPACE), end, "")
