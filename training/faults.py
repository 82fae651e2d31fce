"""Translations made wrong: with words left out, or of another sentence; for telling how well that is noticed."""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from mt.text.words import has_letters, words

LEAST_WORDS = 4
PART = 3  # at least a third of the words is left out
_SPACE_BEFORE_SIGN = re.compile(r"\s+(?=[.,;:!?])")


class Faulty(NamedTuple):
    """A pair, and what the translation may be instead."""

    source: str
    target: str
    shortened: str
    exchanged: str


def make_faulty(pairs: Sequence[tuple[str, str]], seed: int = 1) -> list[Faulty]:
    """Both faults for each pair whose target has LEAST_WORDS; the same pairs and seed give the same faults."""
    draw = random.Random(seed)
    fit = [(source, target) for source, target in pairs if len(_words(target)) >= LEAST_WORDS]
    others = draw.sample([target for _, target in fit], len(fit))
    return [
        Faulty(source, target, shortened(target, draw), other)
        for (source, target), other in zip(fit, others, strict=True)
        if other != target
    ]


def shortened(text: str, draw: random.Random) -> str:
    """The text without a third of its words, rounded up, that stand side by side at a place drawn at random.

    It still begins with a capital letter where it did and keeps the sign at its end, as a sentence left out by a
    translator would.
    """
    found = _words(text)
    count = -(-len(found) // PART)
    first = draw.randrange(len(found) - count + 1)
    left = f"{text[: found[first][0]].rstrip()} {text[found[first + count - 1][1] :].lstrip()}"
    left = _SPACE_BEFORE_SIGN.sub("", left.strip()).lstrip(".,;:!? ")
    return left[:1].upper() + left[1:] if text[:1].isupper() else left


def _words(text: str) -> list[tuple[int, int]]:
    """Those with letters."""
    return [span for span in words(text) if has_letters(text[slice(*span)])]
