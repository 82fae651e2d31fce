"""The normal form of a text that comes bit by bit, as far as nothing that may still come can change it."""

import unicodedata

from mt.text.normalization import normalize, without_shapeless

# Korean vowels and final consonants, letters that become one character with the letter before them. Every other
# character that does is of a category that begins with M, a mark.
_KOREAN_ENDINGS = range(0x1160, 0x1200)


class GrowingText:
    """Bits of a text in, their normal form out, which `normalize` would give for all bits together.

    A bit is held back until the next one has begun, which may put an accent on its last letter. Data that may be copied
    and pickled; it does not grow with the text.
    """

    def __init__(self) -> None:
        self._open = ""  # what the next bit may still change
        self._has_begun = False  # something is given out
        self._wants_space = False  # what was given out last had white space behind it

    def add(self, text: str) -> str:
        """What is settled by the next bit, "" when nothing is."""
        text = without_shapeless(text)
        if not text:
            return ""
        settled = self._settle() if _begins_anew(text[0]) else ""
        self._open += text
        return settled

    def end(self) -> str:
        """The rest."""
        return self._settle()

    def _settle(self) -> str:
        text, self._open = self._open, ""
        words = normalize(text)
        if not words:
            self._wants_space |= bool(text)
            return ""
        is_apart = self._has_begun and (self._wants_space or text[0].isspace())
        self._has_begun, self._wants_space = True, text[-1].isspace()
        return " " + words if is_apart else words


def _begins_anew(character: str) -> bool:
    """Whether the character stays as it is, and changes nothing, whatever stands before it."""
    return unicodedata.category(character)[0] != "M" and ord(character) not in _KOREAN_ENDINGS
