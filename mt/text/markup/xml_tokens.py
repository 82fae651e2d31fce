"""XML cut into tokens; what is not well-formed is refused with its place, and no declaration is ever carried out.

Accepts fragments too: text and several elements side by side. A document type with declarations of its own, the home
of entity bombs and external entities, is refused; an external one is kept as it is and never fetched.
"""

import re
from typing import NoReturn

from mt.errors import InvalidText
from mt.text.markup.tokens import Kind, Token

# XML 1.0, fifth edition: [2] Char, [4] NameStartChar, [4a] NameChar.
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_START = (
    ":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff"
    "\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
NAME = f"[{_START}][{_START}\\-.0-9\xb7\u0300-\u036f\u203f\u2040]*+"
_ATTRIBUTE = rf"""[ \t\r\n]++({NAME})[ \t\r\n]*+=[ \t\r\n]*+(?:"[^<"]*+"|'[^<']*+')"""
_START_TAG = re.compile(rf"<({NAME})((?:{_ATTRIBUTE})*+)[ \t\r\n]*+(/?)>")
_ATTRIBUTE_NAME = re.compile(_ATTRIBUTE)
_END_TAG = re.compile(rf"</({NAME})[ \t\r\n]*+>")
_DOCTYPE = re.compile(r"""<!DOCTYPE[ \t\r\n](?:[^\[<>"']|"[^"]*+"|'[^']*+')*+>""")
_REFERENCE = re.compile(rf"&(?:{NAME}|#[0-9]{{1,9}}|#x[0-9a-fA-F]{{1,8}});")


def xml_tokens(text: str) -> list[Token]:
    """The tokens of a well-formed text, or InvalidText that says where and why it is not."""
    illegal = ILLEGAL.search(text)
    if illegal:
        _refuse(text, illegal.start(), f"the character U+{ord(illegal[0]):04X} is not allowed")
    scanner = _Scanner(text)
    return scanner.tokens()


def _refuse(text: str, place: int, fault: str) -> NoReturn:
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    raise InvalidText(
        f"XML is not well-formed at line {line:,}, column {column:,}: {fault}: {text[place : place + 30]!r}. "
        "Correct it, or send it as HTML or as plain text."
    )


class _Scanner:
    """A walk over the text that ends at the first fault."""

    def __init__(self, text: str):
        self.text = text
        self.found: list[Token] = []
        self.opened: list[Token] = []

    def tokens(self) -> list[Token]:
        position = 0
        while position < len(self.text):
            token = self._markup(position) if self.text[position] == "<" else self._text(position)
            self.found.append(token)
            position = token.stop
        if self.opened:
            _refuse(self.text, self.opened[-1].start, f"<{self.opened[-1].name}> is never closed")
        return self.found

    def _text(self, start: int) -> Token:
        stop = self.text.find("<", start)
        stop = stop if stop >= 0 else len(self.text)
        end = self.text.find("]]>", start, stop)
        if end >= 0:
            _refuse(self.text, end, "]]> stands outside of CDATA")
        self._check_references(start, stop)
        return Token(Kind.TEXT, start, stop)

    def _markup(self, start: int) -> Token:
        text = self.text
        if text.startswith("<!--", start):
            return self._comment(start)
        if text.startswith("<![CDATA[", start):
            return Token(Kind.OPAQUE, start, self._after("]]>", start, 9))
        if text.startswith("<?", start):
            return self._instruction(start)
        if text.startswith("<!", start):
            return self._document_type(start)
        return self._end_tag(start) if text.startswith("</", start) else self._start_tag(start)

    def _start_tag(self, start: int) -> Token:
        found = _START_TAG.match(self.text, start)
        if not found:
            _refuse(self.text, start, "this is no tag (write &lt; for a less-than sign)")
        names = _ATTRIBUTE_NAME.findall(found[2])
        if len(set(names)) < len(names):
            _refuse(self.text, start, "an attribute occurs twice")
        self._check_references(*found.span(2))
        token = Token(Kind.EMPTY if found[4] else Kind.OPEN, start, found.end(), found[1])
        if not found[4]:
            self.opened.append(token)
        return token

    def _end_tag(self, start: int) -> Token:
        found = _END_TAG.match(self.text, start)
        if not found or not self.opened or self.opened[-1].name != found[1]:
            wanted = f"</{self.opened[-1].name}> was expected" if self.opened else "nothing is open"
            _refuse(self.text, start, wanted)
        self.opened.pop()
        return Token(Kind.CLOSE, start, found.end(), found[1])

    def _comment(self, start: int) -> Token:
        stop = self._after("-->", start, 4)
        if self.text.find("--", start + 4, stop - 1) != stop - 3:
            _refuse(self.text, start, "a comment holds --")
        return Token(Kind.OPAQUE, start, stop)

    def _instruction(self, start: int) -> Token:
        is_declaration = self.text[start : start + 6].lower() in ("<?xml ", "<?xml?", "<?xml\t", "<?xml\n", "<?xml\r")
        if is_declaration and start > 0:
            _refuse(self.text, start, "the XML declaration does not stand first")
        return Token(Kind.OPAQUE, start, self._after("?>", start, 2), "?xml" if is_declaration else "")

    def _document_type(self, start: int) -> Token:
        found = _DOCTYPE.match(self.text, start)
        if not found:
            _refuse(self.text, start, "declarations, entities among them, are not accepted")
        if self.opened:
            _refuse(self.text, start, "a document type stands inside of an element")
        return Token(Kind.OPAQUE, start, found.end(), "!doctype")

    def _after(self, end: str, start: int, skip: int) -> int:
        place = self.text.find(end, start + skip)
        if place < 0:
            _refuse(self.text, start, f"this never ends with {end}")
        return place + len(end)

    def _check_references(self, start: int, stop: int) -> None:
        while (start := self.text.find("&", start, stop)) >= 0:
            found = _REFERENCE.match(self.text, start, stop)
            if not found:
                _refuse(self.text, start, "this is no entity (write &amp; for an ampersand)")
            if found[0][1] == "#" and not _is_legal(found[0]):
                _refuse(self.text, start, "this stands for no character of XML")
            start = found.end()


def _is_legal(reference: str) -> bool:
    digits = reference[2:-1]
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    return code <= 0x10FFFF and not ILLEGAL.match(chr(code))
