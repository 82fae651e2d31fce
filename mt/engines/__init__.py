"""What runs a bundle's graphs: ids of sources in, hypotheses out."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np


class Hypothesis(NamedTuple):
    """One translation of one source."""

    ids: list[int]  # T pieces, without EOS
    score: float  # sum of the natural-log probabilities, EOS included
    is_complete: bool  # False = the length limit cut it
    attention: np.ndarray  # (T, S) float32, rows sum to 1


class Engine(Protocol):
    """What a translator asks for translations."""

    max_source_pieces: int

    def search(self, sources: Sequence[Sequence[int]], greedy: bool = False) -> list[list[Hypothesis]]:
        """The hypotheses of each source (1 to max_source_pieces ids), best first; at least one each."""
