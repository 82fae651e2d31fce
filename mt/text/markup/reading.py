"""From a structure to runs and what stands between them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mt.text.markup.entities import html_pieces, xml_pieces
from mt.text.markup.form import ATTRIBUTES, PARTING, Form
from mt.text.markup.run import Element, Marker, Run, words, written
from mt.text.markup.structure import Structure
from mt.text.markup.tokens import Kind, Token, attributes

Raw = tuple[str | Run, ...]
_LINE_ENDS = frozenset("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")  # those of mt.text.sentences


def read(text: str, found: Structure, form: Form) -> Iterator[str | Run]:
    """The document from beginning to end: runs, and between them what stays as it is."""
    block: list[int] = []
    for index, is_bound in enumerate(found.bounds):
        if is_bound:
            yield from _read_block(text, found, form, block)
            block = []
            yield from _raw(text, found.tokens[index], form)
        else:
            block.append(index)
    yield from _read_block(text, found, form, block)


def read_text(text: str, form: Form) -> Run:
    """Plain text as one run."""
    builder = _Builder(form)
    builder.add(text, text)
    return builder.run()


def _read_block(text: str, found: Structure, form: Form, block: list[int]) -> Iterator[str | Run]:
    builder = _Builder(form)
    for index in block:
        token = found.tokens[index]
        raw = _raw(text, token, form)
        if token.kind is Kind.TEXT:
            builder.add_text(text[token.start : token.stop])
        elif index not in found.partners:
            builder.add_item(raw, parts_words=_parts_words(token))
        elif token.kind is Kind.OPEN:
            builder.open(raw)
        else:
            builder.close(raw)
    run = builder.run()
    if run.source:
        yield run
    else:
        yield from run.raw(0, len(run.text), run.markers)


def _parts_words(token: Token) -> bool:
    """Whether an item stands where a word or a line end could, so that the words at its sides are two."""
    return token.name in PARTING or (token.kind is Kind.OPAQUE and token.name != "")


def _raw(text: str, token: Token, form: Form) -> Raw:
    """A token as it is written, its attributes to be translated being runs."""
    tag = text[token.start : token.stop]
    if not form.translate_attributes or token.kind not in (Kind.OPEN, Kind.EMPTY):
        return (tag,)
    parts: list[str | Run] = []
    end = 0
    for name, start, stop, quote in attributes(tag):
        if name in ATTRIBUTES and tag[start:stop].strip():
            parts += [tag[end:start], _attribute(tag[start:stop], quote, form)]
            end = stop
    return (*parts, tag[end:])


def _attribute(written: str, quote: str, form: Form) -> Run | str:
    """The run of a value; one with an entity that nothing can be read of stays as it is."""
    builder = _Builder(form)
    for shown, raw in html_pieces(written, in_attribute=True) if form.kind == "html" else xml_pieces(written):
        if raw and not shown:
            return written
        builder.add(shown, raw)
    run = builder.run()
    return Run(run.text, run.forms, root=run.root, quote=quote or '"', is_quoted=bool(quote), kind=form.kind)


@dataclass
class _Builder:
    """A run that grows from left to right."""

    form: Form
    text: list[str] = field(default_factory=list)  # character by character
    last_word: int = -1  # the place of the last character that is no white space
    forms: dict[int, str] = field(default_factory=dict)
    markers: list[Marker] = field(default_factory=list)
    opened: list[Element] = field(default_factory=lambda: [Element(-1, -2)])

    def add_text(self, raw: str) -> None:
        """Text of the document, with entities."""
        for shown, form in html_pieces(raw) if self.form.kind == "html" else xml_pieces(raw):
            if form and not shown:
                self.add_item((form,), parts_words=False)
            else:
                self.add(shown, form)

    def add(self, shown: str, raw: str) -> None:
        """Characters that are written so."""
        start = len(self.text)
        bare = shown.rstrip()
        if bare:
            self.last_word = start + len(bare) - 1
        if shown != raw:
            self.forms |= {start + place: "" for place in range(1, len(shown))} | {start: raw}
        self.text += shown
        if not self.form.splits_at_newlines and not _LINE_ENDS.isdisjoint(shown):
            self._hide_line_ends(start)

    def _hide_line_ends(self, start: int) -> None:
        for place in range(start, len(self.text)):
            if self.text[place] in _LINE_ENDS:
                self.forms.setdefault(place, self.text[place])
                self.text[place] = " "

    def add_item(self, raw: Raw, parts_words: bool) -> None:
        """Something without words; where it parts two words, the text shows a space for it."""
        start = len(self.text)
        if parts_words and self.text and self.text[-1].isalnum():
            self.add(" ", "")
        index = len(self.markers)
        self.markers.append(Marker(start, len(self.text), raw))
        self.opened[-1].children.append(Element(index, index, start, len(self.text)))

    def open(self, raw: Raw) -> None:
        """The start tag of a pair."""
        element = Element(len(self.markers), start=len(self.text))
        self.markers.append(Marker(element.start, element.start, raw))
        self.opened[-1].children.append(element)
        self.opened.append(element)

    def close(self, raw: Raw) -> None:
        """The end tag of the pair opened last; without words in it the pair is one item."""
        element = self.opened.pop()
        element.stop = len(self.text)
        if self.last_word >= element.start:
            element.closing = len(self.markers)
            self.markers.append(Marker(element.stop, element.stop, raw))
            return
        content = written(self.text, self.forms, (element.start, element.stop), self.markers[element.opening :])
        self.markers[element.opening :] = [Marker(element.start, element.stop, (*content, *raw))]
        element.closing, element.children = element.opening, []

    def run(self) -> Run:
        """All that was added; its pairs are all closed."""
        assert len(self.opened) == 1, self.opened
        text = "".join(self.text)
        root = self.opened[0]
        root.stop = len(text)
        for element in _pairs_below(root):
            element.start, element.stop = words(text, element.start, element.stop)
        return Run(text, self.forms, tuple(self.markers), root, kind=self.form.kind)


def _pairs_below(root: Element) -> Iterator[Element]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += [child for child in element.children if not child.is_item]
