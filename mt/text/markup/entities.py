"""Entities to characters, each with the form in which it was written."""

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5

_HTML = re.compile(r"&(?:#[0-9]{1,9}+;?|#[xX][0-9a-fA-F]{1,8}+;?|[A-Za-z][A-Za-z0-9]{1,31}+;?)")
_XML = re.compile(r"&[^;]++;")
_XML_FIVE = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'"}
_LONGEST_BARE = max(len(name) for name in html5 if not name.endswith(";"))


def html_pieces(raw: str, in_attribute: bool = False) -> Iterator[tuple[str, str]]:
    """Stretches of (characters, how they are written); no characters where what is written shows none."""
    end = 0
    for found in _HTML.finditer(raw):
        written = found[0]
        if written[1] == "#":
            shown = unescape(written)
        else:
            written = _known(written, in_attribute, raw[found.end() : found.end() + 1])
            shown = unescape(written)
        if written:
            yield raw[end : found.start()], raw[end : found.start()]
            yield shown, written
            end = found.start() + len(written)
    yield raw[end:], raw[end:]


def xml_pieces(raw: str) -> Iterator[tuple[str, str]]:
    """As `html_pieces`; a named entity that is no letter or white space of HTML's stays unread, and shows nothing."""
    end = 0
    for found in _XML.finditer(raw):
        written = found[0]
        yield raw[end : found.start()], raw[end : found.start()]
        yield _xml_character(written), written
        end = found.end()
    yield raw[end:], raw[end:]


def _known(written: str, in_attribute: bool, following: str) -> str:
    """As much of &name; as HTML reads, "" for nothing; the old names do without the semicolon (§13.2.5.73)."""
    name = written[1:]
    if name.endswith(";") and name in html5:
        return written
    for length in range(min(_LONGEST_BARE, len(name)), 1, -1):
        if name[:length] in html5 and not name[:length].endswith(";"):
            after = name[length : length + 1] or following
            return "" if in_attribute and (after == "=" or after.isalnum()) else written[: length + 1]
    return ""


def _xml_character(written: str) -> str:
    if written[1] == "#":
        digits = written[2:-1]
        return chr(int(digits[1:], 16) if digits[0] == "x" else int(digits))
    shown = _XML_FIVE.get(written) or html5.get(written[1:], "")
    is_readable = written in _XML_FIVE or (len(shown) == 1 and (shown.isalpha() or shown.isspace()))
    return shown if is_readable else ""
