"""What of a text must come through a translation exactly as it is, and where it stands."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

# Endings that make a dotted word a name of a host or of a file, and not the end of a sentence without a space.
_HOSTS = "com|org|net|edu|gov|info|io|dev|eu|de|ch|fr|uk|nl|pl|cz|jp|cn|ru|wiki"
_FILES = (
    "txt|md|rst|pdf|docx?|xlsx?|pptx?|odt|csv|tsv|json|xml|ya?ml|toml|ini|cfg|conf|log|py|js|ts|css|html?|php|java|jar"
    "|c|h|cpp|rs|rb|sh|bat|exe|dll|zip|gz|xz|tar|7z|rar|iso|png|jpe?g|gif|svg|webp|mp[34]|wav|ogg|mkv|avi|po|srt|sql|db"
)
_UNITS = "km/h|km|cm|mm|nm|m|kg|mg|g|ml|cl|l|[KMGT]i?B|[kMG]?bps|[kMG]?Hz|[kM]?Wh?|mAh|ms|px|pt|dpi|°[CF]?"
_NARROW = "[\u00a0\u202f\u2009]"
_EMOJI = "[\u231a-\u23ff\u25fb-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?"

# Tried at each place in this order. Possessive quantifiers and what may stand before keep them from trying long runs
# again and again: the time is linear in the text.
_PATTERNS = {
    "code": r"(?<!`)(?P<ticks>`++)[^`\n\r]++(?P=ticks)(?!`)",
    "hole": (  # what a program or another translator's tool fills in
        r"<(?P<element>\w+)(?:[ \t][^<>\n\r]*)?></(?P=element)>"
        r"|\[X\d+X\]|\{\{[^{}\n\r]*\}\}|[$%]\{[^{}\n\r]*\}|%\(\w+\)[#0 +-]*[\d.]*[a-zA-Z]"
        r"|\{[\w.:!,\[\]#$%+-]*\}"
        r"|(?<![\w%])%(?:\d+\$)?[-+#0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh?|ll?|[jztL])?[@a-zA-Z](?![a-zA-Z])"
        r"|(?<![\w%])%[A-Z_][A-Z0-9_]+%|(?<![\w$])\$[A-Za-z_]\w*"
    ),
    "tag": (
        r"</?[A-Za-z][\w:.-]*+"
        r"(?:[ \t]++[\w:.-]++(?:[ \t]*=[ \t]*(?:\"[^\"\n\r]*\"|'[^'\n\r]*'|[^\s\"'<>]+))?)*+[ \t]*/?>"
        r"|&(?:[A-Za-z]\w{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"
    ),
    "address": (
        r"(?<!\w)(?:[A-Za-z][A-Za-z0-9+.-]{0,30}://|mailto:|www\.)[^\s<>\"“”„«»`]+"
        r"|(?<![\w.@+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+"
        rf"|(?<![\w.@/-])(?:[\w-]++\.)+(?:{_HOSTS})(?![\w-])(?::\d+)?(?:/[^\s<>\"“”„«»`]*)?"
    ),
    "path": (
        r"(?<![\w.:/\\])(?:~|\.{1,2})?/[\w.@+~-]+(?:/[\w.@+~-]+)*/?"
        r"|(?<!\w)(?:[A-Za-z]:\\|\\\\)[^\s\\<>:\"|?*]+(?:\\[^\s\\<>:\"|?*]+)*\\?"
        rf"|(?<![\w./\\@+~-])(?:[\w@+~-]++[/\\.])*[\w@+~-]++\.(?:{_FILES})(?![\w-])"
    ),
    "mention": r"(?<![\w@.])@\w+(?:[.-]+\w+)*",
    "hashtag": r"(?<![\w#&])#(?=\d*[^\W\d])\w+",
    "emoji": (f"[#*0-9]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_EMOJI}[\U000e0020-\U000e007f]*(?:\u200d{_EMOJI})*"),
    "token": (  # identifiers, hashes, names of products
        r"(?<![\w-])(?:[^\W\d_]++-?\d[\w-]*+(?:\.\d++)*+|\d++[A-Z][\w-]*+|\d++x\d++|_*+[^\W_]++_[\w]*+"
        r"|(?=[a-fA-F-]*+\d)(?=[\d-]*+[a-fA-F])[0-9a-fA-F-]{8,}+|(?<![+/=])[A-Za-z0-9+/=_-]{40,}+)(?!\w)"
    ),
    # Whatever is glued to its end is read with it, and makes it none.
    "number": (
        rf"(?<![\w.,])[+\u2212-]?\d++(?:(?:[.,:/'\u2019\u2013-]|{_NARROW}(?=\d{{3}}(?!\d)))\d++)*+"
        rf"(?:{_NARROW}?(?:{_UNITS})(?!\w))?(?P<glued>\w*+)"
    ),
}
_ITEM = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()))
_PUNCTUATION = ".,;:!?'\"\u2019…"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


class Item(NamedTuple):
    """A stretch of a text that must come through as it is."""

    start: int
    end: int
    kind: str  # of KINDS


KINDS = tuple(_PATTERNS)
# Items that belong to the words beside them; the others are words themselves.
BESIDE_WORDS = ("tag", "emoji")


def find(text: str) -> list[Item]:
    """What must come through a translation, in order, apart from each other.

    Addresses of all sorts, file paths, code in backticks, holes that a program fills, tags, entities, emoji, hashtags,
    mentions, numbers, and tokens such as hashes. Digits with letters behind them (3rd, 80er) are left to the
    translation, but for common units. Items that are words and have at most a space between them are one.
    """
    return list(_merged(text, _items(text)))


def spans_over(items: Sequence[Item], place: int) -> bool:
    """Whether one of these items, in order, stands before and behind this place of the text."""
    number = bisect_left(items, place, key=lambda item: item.start) - 1
    return number >= 0 and items[number].end > place


def _items(text: str) -> Iterator[Item]:
    for found in _ITEM.finditer(text):
        kind = next(kind for kind in KINDS if found[kind])
        end = _end_of_address(text, *found.span()) if kind in ("address", "path") else found.end()
        if not found["glued"]:
            yield Item(found.start(), end, kind)


def _end_of_address(text: str, start: int, end: int) -> int:
    """Where an address ends, without punctuation at its end, and without closing brackets that it does not open."""
    counts = Counter(text[start:end])
    while True:
        last = text[end - 1]
        is_unopened = last in _BRACKETS and counts[last] > counts[_BRACKETS[last]]
        if not is_unopened and last not in _PUNCTUATION:
            return end
        counts[last] -= 1
        end -= 1


def _merged(text: str, items: Iterable[Item]) -> Iterator[Item]:
    """The items, with those that are one word or one row of words as one."""
    last = None
    for item in items:
        if last and not {last.kind, item.kind} & set(BESIDE_WORDS) and text[last.end : item.start] in ("", " "):
            last = Item(last.start, item.end, item.kind if last.kind == "number" else last.kind)
            continue
        if last:
            yield last
        last = item
    if last:
        yield last
