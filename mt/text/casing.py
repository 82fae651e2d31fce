"""Text in CAPITALS or Title Case as a model that was trained on ordinary text knows it."""

import re
from collections.abc import Callable
from enum import Enum

from mt.text.tracing import Edit

Likelihood = Callable[[str], float]  # natural-log probability of a text of one word

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_ENDS = (".", "?", "!", "…")  # headings with small words rarely end so
_LEAST_LETTERS = 2  # I alone is no capitals
_LEAST_TITLE_WORDS = 3
_LEAST_TITLE_SHARE = 2 / 3  # of the words have a capital; fewer do in ordinary German
_LONGEST_SMALL_WORD = 4  # letters of a word that a title may have without a capital: of, the, with
_LEAST_LOWER = 2  # words of a title that are likelier without a capital; Mona Lisa has none or one
# Words that often begin a sentence are likelier with a capital than inside one they are. Of Tatoeba's first 400 test
# lines in capitals, English and German, 546 become what they were with 0, 623 with 1, 2 and 3.
_LOWER_BONUS = 1.0


class Style(Enum):
    """How the words of a sentence are written."""

    ORDINARY = "ordinary"
    CAPITALS = "capitals"
    TITLE = "title"


def truecased(text: str, likelihood: Likelihood) -> tuple[Style, list[Edit]]:
    """How a sentence is written, and what makes it ordinary: no edits unless it is in CAPITALS or Title Case.

    Each word gets the likeliest of its forms: as it is, lower, or with a capital, which names and German nouns have.
    What is likeliest in capitals is, such as USA alone, and a row of names or nouns, which is no title, stay as they
    are.
    """
    words = [(found.start(), found.group()) for found in _WORD.finditer(text)]
    style = _style([word for _, word in words], ends_as_sentence=text.endswith(_ENDS))
    if style is Style.ORDINARY:
        return style, []
    forms = [_likeliest(word, likelihood, is_first=number == 0) for number, (_, word) in enumerate(words)]
    edits = [
        Edit(start, start + len(word), form) for (start, word), form in zip(words, forms, strict=True) if form != word
    ]
    if len(edits) < (_LEAST_LOWER if style is Style.TITLE else 1):
        return Style.ORDINARY, []
    return style, edits


def _style(words: list[str], ends_as_sentence: bool) -> Style:
    """How words seem to be written, by their letters."""
    cased = [word for word in words if word.lower() != word.upper()]
    if sum(map(len, cased)) >= _LEAST_LETTERS and all(word.isupper() for word in cased):
        return Style.CAPITALS
    small = [word for word in cased if not word[0].isupper()]
    capitalized = len(cased) - len(small)
    is_title = (
        capitalized >= max(_LEAST_TITLE_WORDS, _LEAST_TITLE_SHARE * len(cased))
        and cased[0] not in small
        and max(map(len, small), default=0) <= (0 if ends_as_sentence else _LONGEST_SMALL_WORD)
    )
    return Style.TITLE if is_title else Style.ORDINARY


def _likeliest(word: str, likelihood: Likelihood, is_first: bool) -> str:
    lower, capitalized = word.lower(), word[0] + word[1:].lower()
    scores = {capitalized: likelihood(capitalized), word: likelihood(word)}
    if not is_first:
        scores = {lower: likelihood(lower) + _LOWER_BONUS} | scores
    return max(scores, key=scores.__getitem__)
