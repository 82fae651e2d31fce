"""Sentence pairs whose words people have linked, and how wrong other links are."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mt.alignment import alignment_error_rate
from mt.text import normalize
from mt.text.tracing import Span

Link = tuple[int, int]
CLINGING = tuple(".,;:!?)%'\u2019")  # what stands behind a word without a space


class Gold(NamedTuple):
    """Pairs in two languages as words, lower-cased as they come, with the links between them."""

    languages: tuple[str, str]
    first: list[list[str]]
    second: list[list[str]]
    sure: list[set[Link]]  # of each pair
    possible: list[set[Link]]  # beyond those

    def error_rate(self, links: Sequence[set[Link]]) -> float:
        """The alignment error rate of the links of each pair, counted over all pairs together."""

        def numbered(sets: Sequence[set[Link]]) -> set[tuple[int, Link]]:
            return {(number, link) for number, one in enumerate(sets) for link in one}

        return alignment_error_rate(numbered(links), numbered(self.sure), numbered(self.possible))


def read_gold(folder: Path, part: str = "dev") -> Gold:
    """The pairs of a folder such as `de-en`: `dev.de.gz`, `dev.en.gz`, `dev.align.gz` (`1-2` is sure, `1p2` is not)."""
    first, second = folder.name.split("-")
    sides = [
        [[normalize(word) for word in line.split()] for line in _lines(folder / f"{part}.{language}.gz")]
        for language in (first, second)
    ]
    rows = [line.split() for line in _lines(folder / f"{part}.align.gz")]
    sure, possible = ([_links(row, sign) for row in rows] for sign in "-p")
    return Gold((first, second), *sides, sure, possible)


def written(words: Sequence[str]) -> tuple[str, list[Span]]:
    """The words as one would write them, no space before a full stop or an apostrophe, and the place of each."""
    text, spans = "", []
    for word in words:
        text += " " if text and word[:1] not in CLINGING else ""
        spans.append((len(text), len(text) + len(word)))
        text += word
    return text, spans


def _links(row: Sequence[str], sign: str) -> set[Link]:
    parts = [link.split(sign) for link in row if sign in link]
    return {(int(first), int(second)) for first, second in parts}


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()
