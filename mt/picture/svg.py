"""Drawings as SVG to be put into a page: attention, word links, curves."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from unicodedata import combining, east_asian_width

import numpy as np

LETTER = 8.5  # px of a monospaced letter
CELL = 28
LONGEST = 20  # letters that are shown of a word
STEP = 44  # from one piece to the next
HEIGHT = 150  # of curves


def heatmap(sources: Sequence[str], targets: Sequence[str], weights: np.ndarray) -> str:
    """Weights (targets, sources) from 0 to 1, words at the edges."""
    left, top = LETTER * _longest(targets) + 12, LETTER * _longest(sources) * 0.75 + 18
    parts = [
        *(_slanted(left + CELL * (place + 0.5), top - 6, word) for place, word in enumerate(sources)),
        *(_text(left - 6, top + CELL * (place + 0.65), word, "end") for place, word in enumerate(targets)),
    ]
    for row, target in enumerate(targets):
        for column, source in enumerate(sources):
            weight = float(weights[row, column])
            box = f'x="{left + column * CELL:.1f}" y="{top + row * CELL:.1f}" width="{CELL - 2}" height="{CELL - 2}"'
            parts.append(f'<rect class="ground" {box}/><rect class="ink" {box} fill-opacity="{weight:.3f}">')
            parts.append(f"<title>{_escaped(target)} \u2190 {_escaped(source)}: {weight:.0%}</title></rect>")
    width = left + CELL * len(sources) + LETTER * _longest(sources) * 0.75
    return _svg(width, top + CELL * len(targets), "Attention, word by word", parts)


def word_links(sources: Sequence[str], targets: Sequence[str], links: Iterable[tuple[int, int]]) -> str:
    """Both sentences, one above the other, with lines between words that belong together."""
    above, below = _middles(sources), _middles(targets)
    lines = [
        f'<line class="link" x1="{above[one]:.1f}" y1="26" x2="{below[other]:.1f}" y2="92"/>' for one, other in links
    ]
    texts = [
        _text(middle, y, word, "middle")
        for words, middles, y in ((sources, above, 18), (targets, below, 110))
        for word, middle in zip(words, middles, strict=True)
    ]
    width = max(sum(LETTER * (_columns(_cut(word)) + 2) for word in words) for words in (sources, targets))
    return _svg(width, 118, "Words that belong together", [*lines, *texts])


def curves(name: str, pieces: Sequence[str], values: Mapping[str, np.ndarray], most: float = 1.0) -> str:
    """Curves over pieces, from 0 to `most`; with their names below."""
    left, top, foot = 46, 12, LETTER * _longest(pieces) * 0.75 + 14
    parts = []
    for share in (0, 0.5, 1):
        y = top + HEIGHT * (1 - share)
        parts.append(f'<line class="grid" x1="{left}" y1="{y}" x2="{left + STEP * len(pieces)}" y2="{y}"/>')
        parts.append(_text(left - 6, y + 4, f"{most * share:.2g}", "end"))
    for number, (curve, numbers) in enumerate(values.items()):
        points = [
            (left + STEP * (place + 0.5), top + HEIGHT * (1 - float(value) / most))
            for place, value in enumerate(numbers)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="curve c{number}" points="{path}"/>')
        for (x, y), piece, value in zip(points, pieces, numbers, strict=True):
            label = f"{_escaped(piece)}: {curve} {float(value):.3f}"
            parts.append(
                f'<circle class="dot c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{label}</title></circle>'
            )
    parts += [_slanted(left + STEP * (place + 0.5), top + HEIGHT + 16, one, 45) for place, one in enumerate(pieces)]
    width = left + STEP * len(pieces) + LETTER * _longest(pieces) * 0.75
    return _svg(width, top + HEIGHT + foot + 12, name, parts)


def _svg(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg {size} role="img" aria-label="{_escaped(label)}">{"".join(parts)}</svg>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escaped(_cut(text))}</text>'


def _slanted(x: float, y: float, text: str, degrees: int = -45) -> str:
    return f'<text transform="translate({x:.1f} {y:.1f}) rotate({degrees})">{_escaped(_cut(text))}</text>'


def _middles(words: Sequence[str]) -> list[float]:
    """Where the middle of each word stands in a line of all."""
    middles, x = [], LETTER
    for word in words:
        width = LETTER * _columns(_cut(word))
        middles.append(x + width / 2)
        x += width + 2 * LETTER
    return middles


def _longest(words: Sequence[str]) -> int:
    return max((_columns(_cut(word)) for word in words), default=0)


def _columns(text: str) -> int:
    """How many columns of a monospaced font a text takes."""
    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026"


def _escaped(text: str) -> str:
    return escape(text, quote=True)
