"""One form for every text the model sees: training and serving call the same `normalize`.

What happens to which character:

- white space of every kind, tabs, no-break spaces and line ends included: a run becomes one space, none at the ends;
- C0 and C1 control characters (NUL too), the byte order mark and other characters without a shape of their own
  (zero-width space, soft hyphen, word joiner, marks of writing direction, Unicode noncharacters): removed;
- zero-width joiner and non-joiner, variation selectors, emoji tags: kept, for they change what the reader sees;
- private-use and unassigned characters: kept; the first are the author's own, and what is unassigned differs between
  versions of Python, while a text must be the same in training and serving;
- everything else: Unicode NFC, at most 30 combining marks on one letter.
"""

import re
import unicodedata

from mt.errors import InvalidText

# The Stream-Safe Text Format of Unicode (UAX #15, §13) allows 30. Without a limit unicodedata.normalize takes quadratic
# time: 80,000 marks on one letter held a core for ten seconds.
MAX_COMBINING_MARKS = 30

_SURROGATE = re.compile("[\ud800-\udfff]")
_NONCHARACTERS = "".join(chr(plane | 0xFFFE) + chr(plane | 0xFFFF) for plane in range(0, 0x110000, 0x10000))
SHAPELESS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls that are not white space
    "\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef" + _NONCHARACTERS + "]"
)
# Every combining mark is outside \w and ASCII, so this finds all runs that are too long, and some that are not.
_POSSIBLY_TOO_MANY_MARKS = re.compile(rf"[^\w\x00-\x7f]{{{MAX_COMBINING_MARKS + 1},}}")


def normalize(text: str) -> str:
    """The one form of a text that the model sees; the module says what happens to which character.

    May be empty. Normalizing twice changes nothing more. Raises InvalidText for unpaired surrogates.
    """
    if not text.isascii():
        refuse_surrogates(text)
    text = without_shapeless(text)
    if not text.isascii():
        text = limit_marks(unicodedata.normalize("NFC", limit_marks(text)))
    return " ".join(text.split())


def without_shapeless(text: str) -> str:
    """The text without characters that have no shape of their own; white space and all marks stay."""
    return SHAPELESS.sub("", text)


def refuse_surrogates(text: str) -> None:
    """Nothing, or InvalidText that names the first unpaired surrogate and its place."""
    found = _SURROGATE.search(text)
    if found:
        raise InvalidText(
            f"Text holds the unpaired surrogate U+{ord(found.group()):04X} at character {found.start() + 1:,}, "
            "which stands for no character and cannot be written as UTF-8. "
            "Remove it, or decode the text again from its source with the right encoding."
        )


def limit_marks(text: str) -> str:
    """The text with the first 30 combining marks of each letter."""
    return _POSSIBLY_TOO_MANY_MARKS.sub(lambda run: _keep_first_marks(run.group()), text)


def _keep_first_marks(run: str) -> str:
    kept = []
    marks = 0
    for character in run:
        # A few Tibetan vowel signs count as letters themselves, but their decompositions are marks.
        is_mark = unicodedata.combining(unicodedata.normalize("NFD", character)[0]) != 0
        marks = marks + 1 if is_mark else 0
        if marks <= MAX_COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)
