"""What runs a bundle's graphs: ids of sources in, hypotheses out."""

from typing import NamedTuple

import numpy as np


class Hypothesis(NamedTuple):
    """One translation of one source."""

    ids: list[int]  # T pieces, without EOS
    score: float  # sum of the natural-log probabilities, EOS included
    is_complete: bool  # False = the length limit cut it
    attention: np.ndarray  # (T, S) float32, rows sum to 1
