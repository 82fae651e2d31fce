"""An engine that finds anything at all."""

import random

import numpy as np

from mt.engines import Hypothesis
from tests import tiny


class InventingEngine:
    """Finds anything at all, with stand-ins among it, and attends to anything."""

    max_source_pieces = 64
    best_batch, calls_at_once, is_steerable = 4, 1, False

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._draw = np.random.default_rng(seed)
        stand_ins = tiny.tokenizer().encode(["Tom", "Toms Boston", "150", "150.", "Facebook", "20", "fünf", "7:30"])
        self._likely = [number for ids in stand_ins for number in ids]

    def search(self, sources, options, conditions):
        return [[self._hypothesis(source) for _ in range(2)] for source in sources]

    def _hypothesis(self, source):
        count = self._random.randrange(12)
        own = list(source[1:-1])
        choices = [
            self._random.choice([*self._likely, *own, self._random.randrange(4, tiny.VOCABULARY)]) for _ in range(count)
        ]
        ids = self._random.choice([own, own[::-1], choices, []])
        attention = self._draw.dirichlet(np.full(len(source), 0.2), len(ids)).astype(np.float32)
        gained = -self._draw.random(len(ids) + 1, np.float32)
        return Hypothesis(ids, float(gained.sum()), True, attention, log_probabilities=gained)
