"""A translation with everything back that was not for the model: items that must not change, and casing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mt.alignment import Alignment
from mt.protecting.placement import Placement, is_glued, place_items
from mt.protecting.preparation import Prepared, Standing, beside
from mt.text.casing import Style
from mt.text.protection import BESIDE_WORDS
from mt.text.tracing import Span

Link = tuple[Span, Span]  # characters of the original, and those of the translation that come from them
_WITHOUT_TITLE_CASE = ("de",)  # languages that write a heading as they write anything else
_CLOSING = ".,;:!?…)]}»”'\""  # stand behind one without
_OPENING = "([{„«\u2039¿¡"  # stand before a word without a space


class Restored(NamedTuple):
    """A translation as the reader gets it."""

    text: str
    links: list[Link]  # word by word, in order; an item is one word
    is_moved: bool  # an item stands at a guessed place
    found: Alignment | None = None  # of what the model read and wrote, if it did
    spans: Sequence[Span] = ()  # of each character that the model wrote; empty where it is not in the text


def restore(prepared: Prepared, found: Alignment, target: str) -> Restored:
    """The translation of a prepared sentence in a target language, with each of its items once, and in its casing."""
    placements, is_guess = place_items(prepared, found)
    writer = _Writer(prepared, found.target, _recased(prepared, found, target))
    for placement in placements:
        writer.write(placement)
    writer.copy(len(found.target))
    links = {*_word_links(prepared, found, writer.spans), *_item_links(prepared, writer.items)}
    return Restored(writer.text, sorted(links), is_guess, found, writer.spans)


def _recased(prepared: Prepared, found: Alignment, target: str) -> list[str]:
    """The characters of the translation in the casing of the original."""
    characters = list(found.target)
    if prepared.style is Style.CAPITALS:
        return [character.upper() for character in characters]
    if prepared.style is Style.TITLE and target not in _WITHOUT_TITLE_CASE:
        for source, word in found.links:
            if prepared.original[prepared.traced.origin(*found.source_words[source])[0]].isupper():
                start = found.target_words[word][0]
                characters[start] = characters[start].upper()
    return characters


class _Writer:
    """Writes a translation from its beginning to its end, and remembers where everything went."""

    def __init__(self, prepared: Prepared, target: str, characters: list[str]) -> None:
        self._prepared, self._target, self._characters = prepared, target, characters
        self.text = ""
        self.spans: list[Span] = []  # of each character of the translation that is done
        self.items: dict[int, Span] = {}  # of each standing, by its number

    def copy(self, end: int) -> None:
        """Writes what the translation has up to this place."""
        for character in self._characters[len(self.spans) : end]:
            self.spans.append((len(self.text), len(self.text) + len(character)))
            self.text += character

    def write(self, placement: Placement) -> None:
        """Writes an item, or nothing for a stand-in that is taken away, and what comes before it."""
        self.copy(placement.start)
        start = len(self.text)
        if placement.number is not None:
            standing = self._prepared.standings[placement.number]
            is_insertion = placement.start == placement.end
            before, behind = self._spaces(standing, placement.end) if is_insertion else ("", "")
            self.text += before + standing.text
            start += len(before)
            self.items[placement.number] = (start, len(self.text))
            self.text += behind
        self.spans += [(start, start)] * (placement.end - len(self.spans))

    def _spaces(self, standing: Standing, place: int) -> tuple[str, str]:
        """What an insertion needs to stand apart from its neighbours, as it does in the original."""
        before, behind = self.text[-1:], self._target[place : place + 1]
        glued_before, glued_behind = is_glued(self._prepared.original, standing)
        if standing.item.kind not in BESIDE_WORDS:  # a word is glued to another one only if it was
            was_before, was_behind = beside(self._prepared.original, standing.item)
            glued_before = glued_before and (was_before.isalnum() or not before.isalnum())
            glued_behind = glued_behind and (was_behind.isalnum() or not behind.isalnum())
        is_behind_tag = standing.item.kind == "tag" and before == ">"
        needs_before = before.strip() and before not in _OPENING and not glued_before and not is_behind_tag
        needs_behind = behind.strip() and behind not in _CLOSING and not glued_behind
        return " " * bool(needs_before), " " * bool(needs_behind)


def _word_links(prepared: Prepared, found: Alignment, spans: list[Span]) -> Iterator[Link]:
    """Links of words that are no stand-ins."""
    stand_ins = [prepared.place(standing) for standing in prepared.standings]
    for source, target in found.links:
        start, end = found.source_words[source]
        first, last = (spans[place] for place in (found.target_words[target][0], found.target_words[target][1] - 1))
        is_stand_in = any(one < end and other > start for one, other in stand_ins)
        if not is_stand_in and first[0] < last[1]:
            yield prepared.traced.origin(start, end), (first[0], last[1])


def _item_links(prepared: Prepared, items: Mapping[int, Span]) -> Iterator[Link]:
    for number, span in items.items():
        item = prepared.standings[number].item
        yield (item.start, item.end), span
