"""Searches among the pieces that a lexicon allows instead of the whole vocabulary (Jean et al. 2015, §3.3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mt.engines.driven import Continuations, Decoder, Floats, Ids
from mt.lexicon import Lexicon
from mt.ranking import NEVER

# Sources in one batch: what one allows is computed for all, so that more of them take longer each.
MOST_SOURCES = 4


class Shortlist(NamedTuple):
    """The pieces that some sources allow; each is searched among its own, whatever it goes together with."""

    candidates: Ids  # (N,) rising, those of any source
    allowed: np.ndarray  # (B, N) bool, which of them each source allows


def shortlist(
    lexicon: Lexicon, sources: Sequence[Sequence[int]], prefixes: Sequence[Sequence[int]]
) -> Shortlist | None:
    """What the lexicon allows and the sources' prefixes have; None where it knows nothing of a target language."""
    found = []
    for source, prefix in zip(sources, prefixes, strict=True):
        own = lexicon.allowed(source)
        if own is None:
            return None
        own[list(prefix)] = True
        found.append(own)
    allowed = np.stack(found)
    candidates = np.flatnonzero(allowed.any(axis=0))
    return Shortlist(candidates, allowed[:, candidates])


class ShortlistDecoder:
    """A decoder that knows the candidates alone, by their places, as one that knows the whole vocabulary.

    Probabilities are shares of what each source allows; those of all other pieces are none.
    """

    def __init__(self, decoder: Decoder, candidates: Ids, vocabulary: int) -> None:
        self._decoder, self._candidates, self._vocabulary = decoder, candidates, vocabulary

    def step(self, ids: Ids, count: int) -> Continuations:
        """The `count` likeliest of the candidates behind the last pieces (B, K), fewer where there are no more."""
        found = self._decoder.step(ids, count)
        known = np.maximum(found.log_probabilities, NEVER)
        return Continuations(known, self._candidates[found.ids], found.attention)

    def log_probabilities(self) -> Floats:
        """Those of all pieces (B, K, V), as the last step saw them; NEVER for what is not allowed."""
        known = self._decoder.log_probabilities()
        found = np.full((*known.shape[:2], self._vocabulary), NEVER, np.float32)
        found[:, :, self._candidates] = np.maximum(known, NEVER)
        return found

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these; candidates stay those of all sources that it began with."""
        self._decoder.keep(rows, places)
