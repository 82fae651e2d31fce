"""How fast an engine is just now."""

# What a call counts after another has ended: the last twenty or so decide, whatever they held.
KEPT = 0.95


class Pace:
    """The time that sentences take, from the calls before."""

    def __init__(self, calls_at_once: int):
        self._calls_at_once = calls_at_once
        self._sentences = 0.0
        self._seconds = 0.0

    def note(self, sentences: int, seconds: float) -> None:
        """Nothing; a call decoded so many sentences in so many seconds."""
        self._sentences = KEPT * self._sentences + sentences
        self._seconds = KEPT * self._seconds + seconds

    def seconds_for(self, sentences: int) -> float:
        """How long so many sentences take with all calls at work; 0 as long as nothing is known."""
        return sentences * self._seconds / self._sentences / self._calls_at_once if self._sentences else 0.0
