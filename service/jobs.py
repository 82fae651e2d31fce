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
    client: str = ""  # who asks, by key or address; clients take turns
    deadline_seconds: float | None = None  # from now; what is not translated until then is left as it is


@dataclass(frozen=True)
class Outcome:
    """What became of one text."""

    translation: "Translation"
    source: str  # the language it was translated from
