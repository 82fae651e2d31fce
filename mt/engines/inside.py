"""What an engine can tell of its network at work on one source and a translation of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

TOO_OLD = "The bundle was exported by an older version, so its network cannot be looked into. Export it again."


class Seen(NamedTuple):
    """What is seen while a source becomes a translation, as float32.

    The four numbers are the means of the input, of the forget and of the output gate, and the norm of the cell state.
    """

    encoder: np.ndarray  # (S, L, 2, 4) at each piece of the source, of each layer forward and backward
    decoder: np.ndarray  # (T, L, 4) at each step, of each layer
    attention: np.ndarray  # (T, S) rows sum to 1


class TransparentEngine(Protocol):
    """An engine that lets others see inside."""

    @property
    def is_transparent(self) -> bool:
        """Whether the bundle is new enough for it."""

    def watch(self, source: Sequence[int], target: Sequence[int]) -> Seen:
        """What is seen while a source, tag and EOS included, becomes a target.

        There is a step for each id of the target, which begins with BOS. BundleError where the bundle is too old.
        """
