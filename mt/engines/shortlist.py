"""Searches among the pieces that a lexicon allows instead of the whole vocabulary (Jean et al. 2015, §3.3)."""

from collections.abc import Iterable, Sequence

import numpy as np

from mt.engines.driven import Continuations, Decoder, Floats, Ids
from mt.lexicon import Lexicon
from mt.ranking import NEVER

# Of the vocabulary, at most, are scored by a graph that is given their weights: with more of them it takes longer than
# the one that has the whole vocabulary's in int8 (model M, four rows: 0.50 ms with a tenth, 0.70 with all, 0.74 with a
# fifth of 8,000 pieces; for one row and for twenty the border lies higher).
WORTH = 0.2


def shortlist(
    lexicon: Lexicon, sources: Sequence[Sequence[int]], prefixes: Iterable[Sequence[int]], vocabulary: int
) -> Ids | None:
    """Rising ids (N) that are scored: the lexicon's and those of the prefixes; None where all are sooner scored."""
    found = lexicon.candidates(sources)
    if found is None:
        return None
    forced = [piece for prefix in prefixes for piece in prefix]
    if forced:
        found = np.union1d(found, np.array(forced, np.int32))
    return found if len(found) <= WORTH * vocabulary else None


class ShortlistDecoder:
    """A decoder that knows the candidates alone, by their places, as one that knows the whole vocabulary.

    Probabilities are shares of the candidates'; those of all other pieces are none.
    """

    def __init__(self, decoder: Decoder, candidates: Ids, vocabulary: int) -> None:
        self._decoder, self._candidates, self._vocabulary = decoder, candidates, vocabulary

    def step(self, ids: Ids, count: int) -> Continuations:
        """The `count` likeliest of the candidates behind the last pieces (B, K), fewer where there are no more."""
        found = self._decoder.step(ids, count)
        return found._replace(ids=self._candidates[found.ids])

    def log_probabilities(self) -> Floats:
        """Those of all pieces (B, K, V), as the last step saw them; NEVER for what is no candidate."""
        known = self._decoder.log_probabilities()
        found = np.full((*known.shape[:2], self._vocabulary), NEVER, np.float32)
        found[:, :, self._candidates] = known
        return found

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these; candidates stay those of all sources that it began with."""
        self._decoder.keep(rows, places)
