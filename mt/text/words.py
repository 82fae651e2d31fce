"""The words of a text, and the signs between them, as spans of characters."""

import re
import unicodedata

from mt.text.tracing import Span

# Scripts written without spaces: Chinese and Japanese characters are words of their own.
_ALONE = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_JOINER = "\u200d"  # what it stands between is one sign
_MARKS = (_JOINER, "\u200c", *map(chr, range(0x1F3FB, 0x1F400)))  # these too belong to what they follow


def words(text: str) -> list[Span]:
    """The spans of all words and signs, in order, which hold everything but white space.

    Apostrophes and hyphens inside a word belong to it, marks to what they stand on.
    """
    spans: list[Span] = []
    last = "space"
    for place, character in enumerate(text):
        kind = _kind(character, text[place + 1 : place + 2] if last == "word" else "")
        goes_on = kind == "mark" or kind == last == "word" or text[place - 1 : place] == _JOINER
        if kind != "space" and last != "space" and goes_on:
            spans[-1] = (spans[-1][0], place + 1)
        elif kind != "space":
            spans.append((place, place + 1))
        last = last if kind == "mark" and last != "space" else kind
    return spans


def has_letters(text: str) -> bool:
    """Whether there is a letter or digit in it."""
    return any(map(str.isalnum, text))


def _kind(character: str, following: str) -> str:
    """What a character is; `following` is the one behind it where that may make it a part of a word."""
    if character.isspace():
        return "space"
    if character in _MARKS or (not character.isascii() and unicodedata.category(character)[0] == "M"):
        return "mark"
    if _ALONE.match(character):
        return "alone"
    is_inside = character in "'\u2019-" and following.isalnum()
    return "word" if is_inside or character.isalnum() or character == "_" else "sign"
