"""What happened in the network while it translated: its gates, its cells, where it looked, how sure it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mt.engines import Hypothesis
from mt.engines.inside import TransparentEngine
from mt.tokenizer import BOS, EOS, Tokenizer

Look = Callable[[Sequence[int], Hypothesis], "Inside"]


@dataclass(frozen=True)
class Inside:
    """Of one source and its translation, piece by piece, what LSTMs with attention did (float32).

    The four numbers are the means of the input gate (how much of the new is written into the cells), of the forget gate
    (how much of the old is kept) and of the output gate (how much is shown), each from 0 to 1, and the norm of the cell
    state; Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    """

    source_pieces: tuple[str, ...]  # S as the vocabulary spells them; the first is the tag, the last the end
    target_pieces: tuple[str, ...]  # T likewise, the last is the end where the translation is complete
    encoder: np.ndarray = field(compare=False)  # (S, L, 2, 4) after each source piece, forward and backward
    decoder: np.ndarray = field(compare=False)  # (T, L, 4) in the step that chose each target piece
    attention: np.ndarray = field(compare=False)  # (T, S) rows sum to 1
    log_probabilities: tuple[float, ...]  # T natural-log

    @property
    def entropies(self) -> np.ndarray:
        """Of attention in each step (T), in nats: 0 where it looks at one piece alone, log S where at all alike."""
        entropies: np.ndarray = -(self.attention * np.log(np.maximum(self.attention, 1e-30))).sum(axis=1)
        return np.maximum(entropies, 0)

    @property
    def entropy_shares(self) -> np.ndarray:
        """The same as a share of log S, from 0 to 1."""
        shares: np.ndarray = self.entropies / np.log(max(len(self.source_pieces), 2))
        return shares

    @property
    def probabilities(self) -> np.ndarray:
        """Of each target piece, given those before it (T)."""
        return np.exp(np.array(self.log_probabilities, np.float32))


def look_inside(engine: TransparentEngine, tokenizer: Tokenizer, source: Sequence[int], found: Hypothesis) -> Inside:
    """What happened while this was found for a source, tag and end included.

    BundleError where the bundle is too old for it.
    """
    ids = [*found.ids, *[EOS] * found.is_complete]
    # A step reads the piece before the one that it chooses.
    seen = engine.watch(source, [BOS, *ids[:-1]])
    return Inside(
        tuple(tokenizer.pieces(source)),
        tuple(tokenizer.pieces(ids)),
        seen.encoder,
        seen.decoder[: len(ids)],
        seen.attention[: len(ids)],
        tuple(map(float, found.log_probabilities)),
    )
