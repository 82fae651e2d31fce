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
    client: str = ""  # whose turn it is, by key or address
    deadline_seconds: float | None = None  # from now; what is not begun until then is left out

    @property
    def characters(self) -> int:
        """How many Unicode code points the texts have, which is what a client's quota counts."""
        return sum(map(len, self.texts))


@dataclass(frozen=True)
class Outcome:
    """What became of one text."""

    translation: "Translation"
    source: str  # the language it was translated from
