"""A translator whose engine gives back what it is given, and remembers how it was asked."""

import numpy as np

from mt.engines import Hypothesis, SearchOptions
from mt.translator import Translator
from tests import tiny

OWN = SearchOptions(tiny.BEAM, length_penalty=1.0)  # how the tiny bundle is searched


class RepeatingEngine:
    """Gives back the pieces of each source, then (as second and third best) those without the first, or the last."""

    max_source_pieces = 128
    best_batch, calls_at_once, is_steerable = 4, 1, False

    def __init__(self, is_complete=True, is_late=False, most_hypotheses=3):
        self.is_complete, self.is_late = is_complete, is_late
        self.most_hypotheses = most_hypotheses
        self.searched = []  # how many sources, and how
        self.prefixes = []
        self.times = []  # whether time was up

    def search(self, sources, options, conditions):
        self.searched.append((len(sources), options))
        self.prefixes += filter(None, conditions.prefixes)
        self.times.append(conditions.is_over and conditions.is_over())
        return [self._hypotheses(list(source[1:-1])) for source in sources]

    def _hypotheses(self, ids):
        each = np.eye(len(ids) + 2, dtype=np.float32)[1:-1]  # a piece attends to itself
        found = [(ids, each), (ids[1:], each[1:]), (ids[:-1], each[:-1])][: self.most_hypotheses]
        return [
            Hypothesis(one, -float(len(ids)) - rank, self.is_complete, attention, self.is_late)
            for rank, (one, attention) in enumerate(found)
        ]


def repeater(clock=lambda: 0.0, search=None, **options):
    return Translator(tiny.bundle(), engine=RepeatingEngine(**options), search=search, clock=clock)
