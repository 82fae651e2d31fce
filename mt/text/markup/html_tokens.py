"""HTML cut into tokens, in linear time and whatever is wrong with it: what is no markup is text.

Linear by construction: every search either moves the place where the next one starts, or looks for an end that is not
there and is then never looked for again.
"""

import re

from mt.text.markup.form import RAW, VOID
from mt.text.markup.tokens import Kind, Token

# A quote means something only behind an equals sign: <p title=it's> is a tag. An unquoted < ends the attempt, and all
# up to there is text, so that no character is tried twice.
_TAG = re.compile(r"""</?+([a-zA-Z][^\s/<>]*+)((?:=\s*+(?:"[^"]*+"|'[^']*+')|[^<>])*+)""")
_CANDIDATE = re.compile(r"<(?:/?[a-zA-Z]|[!?])")
_SIMPLE = re.compile(r"<[!?][^<>]*+>")
_COMMENT_END = re.compile(r"--!?>")
_SERVER_CODE = re.compile(r"<\?(?:php|=|xml\s)", re.IGNORECASE)
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII) for name in RAW}


def html_tokens(text: str) -> list[Token]:
    """The tokens of any text; their names are in lower case."""
    return _Scanner(text).tokens()


class _Scanner:
    """A walk from one < that may begin markup to the next."""

    def __init__(self, text: str):
        self.text = text
        self.absent: set[str] = set()  # ends that do not occur any more

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        text_start = position = 0
        while candidate := _CANDIDATE.search(self.text, position):
            start = candidate.start()
            token = self._markup(start)
            position = token.stop
            if token.kind is not Kind.TEXT:
                found += [Token(Kind.TEXT, text_start, start)] * (text_start < start)
                found.append(token)
                text_start = position
        found += [Token(Kind.TEXT, text_start, len(self.text))] * (text_start < len(self.text))
        return found

    def _markup(self, start: int) -> Token:
        """The token that begins with this <; a TEXT says from where to look for the next."""
        if self.text.startswith(("<!", "<?"), start):
            return self._declaration(start)
        found = _TAG.match(self.text, start)
        assert found, self.text[start : start + 2]
        if not self.text.startswith(">", found.end()):
            return Token(Kind.TEXT, start, found.end())
        name = found[1].lower()
        stop = found.end() + 1
        if self.text[start + 1] == "/":
            return Token(Kind.CLOSE, start, stop, name)
        if name in RAW:
            return Token(Kind.OPAQUE, start, self._raw_stop(name, stop), name)
        return Token(Kind.EMPTY if name in VOID or _is_self_closed(found[2]) else Kind.OPEN, start, stop, name)

    def _declaration(self, start: int) -> Token:
        """A comment, CDATA, code of the server, or what browsers take for a comment."""
        stop = None
        if self.text.startswith("<!--", start):
            stop = self._comment_stop(start)
        elif self.text.startswith("<![CDATA[", start):
            stop = self._after("]]>", start)
        elif _SERVER_CODE.match(self.text, start):
            stop = self._after("?>", start)
        if stop:
            return Token(Kind.OPAQUE, start, stop)
        found = _SIMPLE.match(self.text, start)
        if not found:
            return Token(Kind.TEXT, start, start + 2)
        is_doctype = self.text[start : start + 9].lower() == "<!doctype"
        return Token(Kind.OPAQUE, start, found.end(), "!doctype" if is_doctype else "")

    def _comment_stop(self, start: int) -> int:
        """Where a comment ends; one without an end goes on to the end of the text, as in a browser."""
        if self.text.startswith((">", "->"), start + 4):
            return self.text.index(">", start) + 1
        found = _COMMENT_END.search(self.text, start + 4)
        return found.end() if found else len(self.text)

    def _raw_stop(self, name: str, start: int) -> int:
        """Where an element without markup ends; one without an end goes on to the end of the text."""
        end = _RAW_ENDS[name].search(self.text, start)
        return self.text.find(">", end.end()) + 1 or len(self.text) if end else len(self.text)

    def _after(self, end: str, start: int) -> int | None:
        if end in self.absent:
            return None
        place = self.text.find(end, start)
        if place < 0:
            self.absent.add(end)
            return None
        return place + len(end)


def _is_self_closed(tail: str) -> bool:
    """Whether what stands between a tag's name and its > ends in a slash that is no part of a value."""
    if not tail.endswith("/"):
        return False
    last = tail.rsplit(maxsplit=1)[-1]
    return "=" not in last or last[-2] in "\"'"
