"""What a client asks for, whatever its dialect, and what becomes of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mt import Form

if TYPE_CHECKING:
    from mt import Translation

AUTO = "auto"
PLAIN_TEXT = Form()


@dataclass(frozen=True)
class Job:
    """Texts to be translated in a direction that has been checked."""

    texts: tuple[str, ...]
    source: str  # or AUTO, each text from the language it is found to be in
    target: str
    n_best: int = 1
    beam: int | None = None  # None = the bundle's own
    form: Form = PLAIN_TEXT  # what the texts are written in
    prefix: str = ""  # what the translation of the only text begins with
    client: str = ""  # whose turn it is, by key or address
    explain: bool = False  # the translations are to have explanations
    inside: bool = False  # which show what happened in the network, too
    deadline_seconds: float | None = None  # from when the job is given; then the best so far is taken
    wants_whole: bool = False  # the best so far is of no use: who gets it asks again

    @property
    def characters(self) -> int:
        """How many Unicode code points the texts have, which is what a client's quota counts."""
        return sum(map(len, self.texts))


@dataclass(frozen=True)
class Outcome:
    """What became of one text."""

    translation: "Translation"
    source: str  # the language it was translated from
    confidence: float | None = None  # probability that it is in that language; None where the client named it
    pivot: str = ""  # the language in between, where no model translates directly
