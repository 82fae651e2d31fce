"""Learns a bundle's lexicon (mt.lexicon) of the pieces of a recipe's corpora."""

from collections.abc import Sequence

import numpy as np

from mt.lexicon import Lexicon, Table
from mt.tokenizer import Tokenizer
from training.alignment.block import Pairs
from training.alignment.drawing import Sides, drawn
from training.alignment.word_model import learn
from training.data.dataset import Bitext
from training.data.rows import join_rows, make_rows

# Learned from all of Tatoeba's pairs, it leaves out no piece of 96 in 100 of the shipped translator's own translations
# (85 on Multi30k's sentences, which are unlike its corpus), and 520 pieces (780) are left of 6,000.
MOST_ENTRIES, LEAST_PROBABILITY = 200, 1e-5  # of each source piece
FREQUENT = 100
MOST_LINKS = 10_000_000  # that two pieces of a pair could have; both directions take half a minute for so many
Array = np.ndarray


def learn_lexicon(bitexts: Sequence[Bitext], tokenizer: Tokenizer, most_links: int = MOST_LINKS) -> Lexicon:
    """The lexicon of all languages of some bitexts, by IBM model 1 and the prior of Dyer et al. 2013.

    It learns from as many pairs, drawn at random, as have about `most_links`.
    """
    # Both directions between two languages hold the same texts, turned.
    sides: dict[str, dict[tuple[int, int], Sides]] = {}
    for one in bitexts:
        for language, source, target in (
            (one.target_language, one.sources, one.targets),
            (one.source_language, one.targets, one.sources),
        ):
            sides.setdefault(language, {})[id(source), id(target)] = source, target
    tables = {
        language: learn_table(_pairs(list(own.values()), tokenizer, most_links), tokenizer.size)
        for language, own in sides.items()
    }
    return Lexicon.of(tables, tokenizer)


def _pairs(texts: Sequence[Sides], tokenizer: Tokenizer, most_links: int) -> Pairs:
    """The pieces of some pairs, each a number more than its id."""
    parts, links = [], 0
    for sources, targets in drawn(texts):
        sides = ([[piece + 1 for piece in ids] for ids in tokenizer.encode(side)] for side in (sources, targets))
        part = Pairs(*(make_rows(side, np.int32) for side in sides))
        parts.append(part.take(part.whole()))
        links += int(parts[-1].links().sum())
        if links >= most_links:
            break
    return Pairs(join_rows([part.sources for part in parts]), join_rows([part.targets for part in parts]))


def learn_table(pairs: Pairs, vocabulary: int) -> Table:
    """The table of pairs of pieces, whose numbers are one more than their ids."""
    model = learn(pairs, vocabulary + 1)
    rows, pieces = model.keys // (vocabulary + 1), model.keys % (vocabulary + 1) - 1
    order = np.lexsort((-model.probabilities, rows))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(rows, rows)  # rows rise, so their order stays
    kept = (rank < MOST_ENTRIES) & (model.probabilities >= LEAST_PROBABILITY)
    starts = np.searchsorted(rows[kept], np.arange(vocabulary + 2)).astype(np.int32)
    counts = np.bincount(pairs.targets.values - 1, minlength=vocabulary)
    frequent = np.argsort(-counts, kind="stable")[:FREQUENT]
    ids = np.uint16 if vocabulary <= 2**16 else np.int32
    probabilities = model.probabilities[kept].astype(np.float16)
    return Table(starts, pieces[kept].astype(ids), probabilities, np.sort(frequent[counts[frequent] > 0]).astype(ids))
