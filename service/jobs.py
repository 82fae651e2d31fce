"""What a client asks for, whatever its dialect, and what becomes of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mt import Translation


@dataclass(frozen=True)
class Job:
    """Texts to be translated in a direction that has been checked."""

    texts: tuple[str, ...]
    source: str
    target: str
    n_best: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of one text."""

    translation: "Translation"
    source: str  # the language it was translated from
