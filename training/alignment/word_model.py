"""How likely a source word becomes a target word: IBM model 1, then model 2 with the prior of Dyer et al. 2013."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from training.alignment.block import Block, Pairs, blocks
from training.alignment.cells import Cells

ROUNDS = (5, 5)  # of model 1, then of model 2
FIRST_TENSION = 4.0  # Dyer et al. 2013
UNSEEN = 1e-9  # the probability of two words that were in no pair together
Array = np.ndarray


@dataclass
class WordModel:
    """Probabilities of target words for each source word, for those that were in one pair; and the tension."""

    target_words: int  # target ids are below
    keys: Array  # (E,) int64 source id * target_words + target id, rising
    probabilities: Array  # (E,) those of each source id sum to 1
    tension: float
    likelihoods: list[float] = field(default_factory=list)  # natural-log, before each round of learning

    def best_sources(self, pairs: Pairs) -> Array:
        """The likeliest source position of each target word, all words of all pairs in order; -1 is the null word."""
        cells = Cells(pairs.targets.lengths(), pairs.sources.lengths())
        prior = cells.prior(self.tension)
        found = [
            _first_best(prior[block.cells] * self._probability(block), block) - 1 for block in blocks(pairs, cells)
        ]
        return np.concatenate([np.empty(0, np.int64), *found])

    def _probability(self, block: Block) -> Array:
        keys = block.sources.astype(np.int64) * self.target_words + block.targets
        # Of many words the same two come again and again, and a search in the table is slow.
        keys, back = np.unique(keys, return_inverse=True)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, np.maximum(self.probabilities[places], UNSEEN), UNSEEN)[back]


def _first_best(weights: Array, block: Block) -> Array:
    """The number of the best link of each target word among its own, the first of equals."""
    best = np.repeat(np.maximum.reduceat(weights, block.starts), block.widths)
    places = np.flatnonzero(weights == best)
    rows = np.repeat(np.arange(len(block.starts)), block.widths)[places]
    return places[np.searchsorted(rows, np.arange(len(block.starts)))] - block.starts


class _Links(NamedTuple):
    """What learning needs of a block, small, for all blocks stay in memory."""

    entries: Array  # (L,) int32 places in the table
    cells: Array
    widths: Array
    starts: Array


def learn(pairs: Pairs, target_words: int, rounds: tuple[int, int] = ROUNDS) -> WordModel:
    """The model of pairs by expectation maximization (Brown et al. 1993); their likelihood never falls."""
    cells = Cells(pairs.targets.lengths(), pairs.sources.lengths())
    keys, links = _table(pairs, cells, target_words)
    model = WordModel(target_words, keys, np.full(len(keys), 1 / target_words), 0.0)
    for number in range(1, sum(rounds) + 1):
        counts, expected = _expect(model, cells, links)
        sources = keys // target_words
        model.probabilities = counts / np.bincount(sources, counts)[sources]
        if number >= rounds[0]:
            model.tension = cells.best_tension(expected, model.tension or FIRST_TENSION)
    return model


def _table(pairs: Pairs, cells: Cells, target_words: int) -> tuple[Array, list[_Links]]:
    """The keys of all words that are in one pair, and the links of all pairs as places among them."""
    found = [np.unique(_keys(block, target_words)) for block in blocks(pairs, cells)]
    keys = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
    links = []
    for block in blocks(pairs, cells):
        own, back = np.unique(_keys(block, target_words), return_inverse=True)
        entries = np.searchsorted(keys, own).astype(np.int32)[back]
        links.append(_Links(entries, block.cells, block.widths, block.starts))
    return keys, links


def _keys(block: Block, target_words: int) -> Array:
    return block.sources.astype(np.int64) * target_words + block.targets


def _expect(model: WordModel, cells: Cells, links: list[_Links]) -> tuple[Array, Array]:
    """How many links of each entry and of each cell the model expects."""
    prior = cells.prior(model.tension)
    counts, expected, likelihood = np.zeros(len(model.keys)), np.zeros(len(prior)), 0.0
    for entries, places, widths, starts in links:
        weights = model.probabilities[entries] * prior[places]
        sums = np.add.reduceat(weights, starts)
        likelihood += float(np.log(sums).sum())
        weights /= np.repeat(sums, widths)
        counts += np.bincount(entries, weights, len(counts))
        expected += np.bincount(places, weights, len(expected))
    model.likelihoods.append(likelihood)
    return counts, expected
