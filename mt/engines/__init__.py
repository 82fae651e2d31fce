"""What runs a bundle's graphs: ids of sources in, hypotheses out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mt.errors import InvalidOption
from mt.sampling import Sampling

MOST_BEAM = 16


class Hypothesis(NamedTuple):
    """One translation of one source."""

    ids: list[int]  # T pieces, without EOS
    score: float  # sum of the natural-log probabilities, EOS included
    is_complete: bool  # False = the length limit cut it, or the deadline
    attention: np.ndarray  # (T, S) float32, rows sum to 1
    is_late: bool = False  # the deadline cut it
    # Natural-log, of each piece, and of EOS where it is complete: (T) or (T + 1) float32. Empty where not known: a
    # stream does not keep them, and a SavedModel of an older version does not give them.
    log_probabilities: np.ndarray = np.zeros(0, np.float32)
    faults: tuple[str, ...] = ()  # what mt.guard has against it, of its REASONS
    avoided: tuple[str, ...] = ()  # what it had against another, in whose place this one stands

    @classmethod
    def none_in_time(cls, source_pieces: int) -> "Hypothesis":
        """What there is of a source of so many pieces when time is up before its search begins."""
        return cls([], 0.0, False, np.zeros((0, source_pieces), np.float32), is_late=True)


@dataclass(frozen=True)
class SearchOptions:
    """How a search goes and ranks; InvalidOption for what is outside its range."""

    beam: int  # 1 to MOST_BEAM; 1 is greedy search
    length_penalty: float = 1.0  # alpha of Wu et al. 2016, §7
    max_pieces: int | None = None  # the most pieces of a translation; None = what the source's length allows
    no_repeat: int = 0  # no n-gram of this many pieces comes twice in a translation; 0 = any may
    sampling: Sampling | None = None  # pieces are drawn instead; for a beam of 1
    coverage_penalty: float = 0.0  # beta of Wu et al. 2016, §7, which ranks those lower that leave source pieces out
    loop_guard: bool = True  # a hypothesis ends when it surely loops, and mt.guard judges what is found
    # Where the engine has a lexicon, a search scores the pieces alone that it allows for the sources, which is faster;
    # probabilities are then shares of theirs. False = all pieces, as always for samples and streams.
    shortlist: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.beam <= MOST_BEAM:
            raise InvalidOption(f"beam must be from 1 to {MOST_BEAM}, got {self.beam:,}.")
        if not 0 <= self.length_penalty < float("inf"):
            raise InvalidOption(f"length_penalty must be at least 0 and finite, got {self.length_penalty}.")
        if not 0 <= self.coverage_penalty <= 1:
            raise InvalidOption(f"coverage_penalty must be from 0 to 1, got {self.coverage_penalty}.")
        if self.max_pieces is not None and self.max_pieces < 1:
            raise InvalidOption(f"max_pieces must be at least 1, got {self.max_pieces}.")
        if self.no_repeat < 0:
            raise InvalidOption(f"no_repeat must be at least 0, got {self.no_repeat}.")
        if self.sampling and self.beam > 1:
            raise InvalidOption(f"One translation is drawn at a time, so beam must be 1, got {self.beam}.")


class Conditions(NamedTuple):
    """What else holds for one search."""

    prefixes: Sequence[Sequence[int]] = ()  # one for each source, with which all its hypotheses begin; or none at all
    # Once this says that time is up, hypotheses stay as they are, marked `is_late`, behind those that are complete.
    is_over: Callable[[], bool] | None = None


NO_CONDITIONS = Conditions()


class Engine(Protocol):
    """What a translator asks for translations."""

    max_source_pieces: int
    best_batch: int  # sources in one call; with more of them it is hardly faster, and all wait for the last
    calls_at_once: int  # by several threads; with more of them it is not faster
    is_steerable: bool  # whether it searches in any other way than its own, as with no_repeat

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each source (1 to max_source_pieces ids), best first; at least one each.

        InvalidOption for a prefix that is longer than a translation may be.
        """
