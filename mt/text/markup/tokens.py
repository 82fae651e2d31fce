"""What markup is cut into: texts, tags, and stretches that nothing looks into."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a token is; OPAQUE is a comment, a declaration, or an element whose content is no markup."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    EMPTY = auto()
    OPAQUE = auto()


class Token(NamedTuple):
    """text[start:stop]; the tokens of a text stand side by side and leave nothing out."""

    kind: Kind
    start: int
    stop: int
    name: str = ""  # of a tag or an opaque element; "!doctype" and "?xml" for declarations


class Attribute(NamedTuple):
    """A value of a tag, without its quotes, by its place in the tag; quote is "" where it has none."""

    name: str
    start: int
    stop: int
    quote: str


_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?+(?=[\s/>]|$)"""
)
_TAG_NAME = re.compile(r"<[^\s/<>]*+")


def attributes(tag: str) -> Iterator[Attribute]:
    """The attributes with a value of a start tag, names in lower case, in order, up to anything that is none."""
    head = _TAG_NAME.match(tag)
    place = head.end() if head else 0
    while found := _ATTRIBUTE.match(tag, place):
        place = found.end()
        group = found.lastindex or 1
        if group > 1:
            yield Attribute(found[1].lower(), *found.span(group), ("", "", '"', "'", "")[group])
