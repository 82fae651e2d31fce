"""Pieces drawn at random: from how many, how boldly, and with which random numbers; needs no numerics but NumPy's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mt.errors import InvalidOption


@dataclass(frozen=True)
class Sampling:
    """How pieces are drawn: from the top_k likeliest, with probabilities p ** (1 / temperature)."""

    temperature: float = 1.0
    top_k: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        if self.top_k < 1:
            raise InvalidOption(f"top_k must be at least 1, got {self.top_k}.")
        if not self.temperature > 0:
            raise InvalidOption(f"temperature must be above 0, got {self.temperature}.")
        if self.seed < 0:
            raise InvalidOption(f"seed must be at least 0, got {self.seed}.")

    def generator(self, source: Sequence[int]) -> np.random.Generator:
        """The random numbers of a source, by the seed and its ids, so that its draw depends on no other source."""
        return np.random.default_rng([self.seed, *source])
