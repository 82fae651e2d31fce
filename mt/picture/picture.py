"""Which kind of file shows an explained translation, and its writing."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mt.errors import InvalidOption
from mt.planning import Translation

SUFFIXES = (".html", ".png")
MOST_SENTENCES = 8  # of a PNG, which one has to see at a glance


@dataclass(frozen=True)
class Picture:
    """What is shown: a text and its translation with explanations."""

    text: str
    translation: Translation
    title: str  # such as "en → de, tatoeba-en-de"


def require_suffix(path: Path, is_installed: Callable[[str], object] = find_spec) -> None:
    """Nothing, or InvalidOption for a file that cannot be drawn."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidOption(f"--output must end in {' or '.join(SUFFIXES)}, got '{path}'.")
    if path.suffix.lower() == ".png" and not is_installed("matplotlib"):
        raise InvalidOption(
            f"A PNG such as '{path}' is drawn by matplotlib, which is not installed; "
            "pip install 'dragoman[explain]', or give a file that ends in .html."
        )


def draw(picture: Picture, path: Path) -> None:
    """Writes the file; InvalidOption where that is impossible."""
    require_suffix(path)
    try:
        path.write_bytes(_drawn(picture, path.suffix.lower()))
    except OSError as error:
        raise InvalidOption(f"Cannot write {path}: {error.strerror}. Give another --output.") from error


def _drawn(picture: Picture, suffix: str) -> bytes:
    sentences = sum(bool(one.target_words) for one in picture.translation.explanations)
    if suffix == ".html":
        from mt.picture.html import page

        return page(picture).encode("utf-8")
    if not 1 <= sentences <= MOST_SENTENCES:
        raise InvalidOption(
            f"A PNG shows 1 to {MOST_SENTENCES} sentences, and this text has {sentences:,} that were translated. "
            "Give another text, or a file that ends in .html."
        )
    from mt.picture.png import png

    return png(picture)
