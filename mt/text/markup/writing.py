"""A translation written as its source was: escaped, with the markers at their places and white space as it stood."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mt.text.markup.escaping import Escaper
from mt.text.markup.links import Link, pieces, word_links
from mt.text.markup.placing import place
from mt.text.markup.run import SPACE, Gap, Run, gaps


@dataclass(frozen=True)
class Rendering:
    """The translation of a text, and which of its characters come of which of the text's."""

    text: str
    links: tuple[Link, ...] = ()  # ((source start, stop), (target start, stop)), in any order; none: word by word


Parts = list[str | Run]


def write(run: Run, rendering: Rendering) -> tuple[Parts, bool]:
    """The run with its words translated, and whether a tag has its place by guess only.

    A text that was not changed is written to the byte as it was, whatever the links.
    """
    if rendering.text == run.source:
        return list(run.raw(0, len(run.text), run.markers)), False
    writer = _Writer(run, rendering)
    return writer.parts(), writer.has_guessed


class _Writer:
    """One run and its translation."""

    def __init__(self, run: Run, rendering: Rendering):
        target = rendering.text.lstrip()
        lost = len(rendering.text) - len(target)
        self.run = run
        self.target = target = target.rstrip()
        self.escaper = Escaper(run)
        first, last = run.span
        links = [
            ((start + first, stop + first), (target_start - lost, target_stop - lost))
            for (start, stop), (target_start, target_stop) in rendering.links
        ] or [((first, last), (0, len(target)))]
        self.links = word_links(run.text, target, links)
        cuts = [marker.start for marker in run.markers]
        self.order, is_guess = place(run, target, pieces(run.text, target, self.links, cuts))
        has_inner = any(gap.first < gap.last for gap in run.gaps[1:-1])
        self.has_guessed = is_guess or (has_inner and not rendering.links)
        self.sources = self._source_gaps()

    def parts(self) -> Parts:
        found: Parts = ['"'] if not self.run.is_quoted else []
        position = 0
        for gap in gaps(self.target, [(at, at) for at, _ in self.order]):
            found.append(self.escaper.escape(self.target[position : gap.start]))
            found += self._gap(gap, [marker for _, marker in self.order[gap.first : gap.last]])
            position = gap.stop
        return [*found, '"'] if not self.run.is_quoted else found

    def _gap(self, gap: Gap, markers: list[int]) -> Parts:
        if not self.target:
            count = _count_of(self.run.gaps[0], markers)
            return [*self._leading(markers[:count]), *self._trailing(markers[count:])]
        if gap.start == 0:
            return self._leading(markers)
        return self._trailing(markers) if gap.stop == len(self.target) else self._inner(gap, markers)

    def _leading(self, markers: list[int]) -> Parts:
        """Before the first word: the white space of the source, in it those markers that stood there."""
        gap = self.run.gaps[0]
        count = _count_of(gap, markers)
        own = [self.run.markers[marker] for marker in markers[:count]]
        return [*self.run.raw(gap.start, gap.stop, own), *self._compose(Gap(0, 0, 0, 0), markers[count:])]

    def _trailing(self, markers: list[int]) -> Parts:
        gap, end = self.run.gaps[-1], len(self.target)
        count = len(markers) - _count_of(gap, markers[::-1], -1)
        own = [self.run.markers[marker] for marker in markers[count:]]
        return [*self._compose(Gap(end, end, 0, 0), markers[:count]), *self.run.raw(gap.start, gap.stop, own)]

    def _inner(self, gap: Gap, markers: list[int]) -> Parts:
        """Between words: as a gap of the source is written, if this is one, or else composed."""
        source = self.run.gap_of[markers[0]] if markers else self.sources.get(gap.start)
        if source and self._is_same(gap, source, markers):
            return list(self.run.raw(source.start, source.stop, self.run.markers[source.first : source.last]))
        return self._compose(gap, markers)

    def _is_same(self, gap: Gap, source: Gap, markers: list[int]) -> bool:
        white = self.target[gap.start : gap.stop]
        has_same_markers = len(markers) == source.last - source.first == _count_of(source, markers)
        return has_same_markers and (
            white == self.run.text[source.start : source.stop] or (white == " " and source.start < source.stop)
        )

    def _source_gaps(self) -> dict[int, Gap]:
        """White space of the target, by its beginning, that is to be written as white space of the source is.

        It stands between the words that became the words around it; or beside one of them, if the source's is an entity
        (a no-break space), which may not get lost when its words part.
        """
        behind: dict[int, set[int]] = defaultdict(set)  # by the end of a word, white space behind its translations
        before: dict[int, set[int]] = defaultdict(set)  # by its beginning, white space before them
        starts = {found.end(): found.start() for found in SPACE.finditer(self.target)}
        stops = set(starts.values())
        for (source_start, source_stop), (start, stop) in self.links:
            behind[source_stop].update({stop} & stops)
            before[source_start].update({starts[start]} if start in starts else ())
        found: dict[int, Gap] = {}
        for gap in self.run.gaps[1:-1]:
            if between := behind[gap.start] & before[gap.stop]:
                found[min(between)] = gap
            elif (beside := behind[gap.start] | before[gap.stop]) and self._has_entity(gap):
                found.setdefault(min(beside), gap)
        return found

    def _has_entity(self, gap: Gap) -> bool:
        return any(self.run.forms.get(place, "").startswith("&") for place in range(gap.start, gap.stop))

    def _compose(self, gap: Gap, markers: list[int]) -> Parts:
        """End tags, white space, start tags; and around an item spaces, if it had them."""
        white = self.escaper.escape(self.target[gap.start : gap.stop])
        found: Parts = []
        is_apart = gap.start == 0 or unicodedata.category(self.target[gap.start - 1]) in ("Ps", "Pi")
        wants_space = False
        for marker in markers:
            is_spaced = self._is_spaced(marker)
            if white and not self._stays_behind(marker):
                found.append(white)
                white, is_apart = "", True
            found += [" "] * (not is_apart and (is_spaced or (wants_space and not self._stays_behind(marker))))
            found += self._raw([marker])
            is_apart, wants_space = False, is_spaced or (wants_space and self._stays_behind(marker))
        if not white and wants_space and gap.stop < len(self.target):
            white = " " * (unicodedata.category(self.target[gap.stop])[0] not in "PZ")
        return [*found, white]

    def _stays_behind(self, marker: int) -> bool:
        """Whether it belongs to the word before it: an end tag, or an item without white space before it."""
        element = self.run.element_of[marker]
        if element.opening != element.closing:
            return marker == element.closing
        return self.run.gap_of[marker].start == self.run.markers[marker].start

    def _is_spaced(self, marker: int) -> bool:
        element, gap, (start, stop, _) = self.run.element_of[marker], self.run.gap_of[marker], self.run.markers[marker]
        return element.is_item and gap.start < start and stop < gap.stop

    def _raw(self, markers: Sequence[int]) -> Parts:
        return [part for marker in markers for part in self.run.markers[marker].raw]


def _count_of(gap: Gap, markers: Sequence[int], step: int = 1) -> int:
    """How many of these markers, from the first on, are of the gap and in order (step 1), or in reverse (-1)."""
    for count, marker in enumerate(markers):
        is_in_order = count == 0 or (marker - markers[count - 1]) * step > 0
        if not (gap.first <= marker < gap.last and is_in_order):
            return count
    return len(markers)
