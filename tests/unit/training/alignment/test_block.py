"""Every link that two words of a pair could have."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.alignment.block import NULL, Pairs, blocks
from training.alignment.cells import Cells
from training.data.rows import make_rows

SENTENCE = st.lists(st.integers(1, 9), min_size=1, max_size=5)
SENTENCES = st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=8)


def pairs_of(sentences):
    return Pairs(*(make_rows(side, np.int32) for side in zip(*sentences, strict=True)))


@given(SENTENCES, st.sampled_from([1, 20, 1000]))
def test_a_target_word_could_come_from_the_null_word_or_any_source_word(sentences, at_once):
    pairs = pairs_of(sentences)
    cells = Cells(pairs.targets.lengths(), pairs.sources.lengths())
    found = list(blocks(pairs, cells, at_once))
    expected = [(one, other) for source, target in sentences for other in target for one in [NULL, *source]]
    assert [link for block in found for link in zip(block.sources, block.targets, strict=True)] == expected
    assert pairs.links().sum() == len(expected)
    widths = [len(source) + 1 for source, target in sentences for _ in target]
    assert np.concatenate([block.widths for block in found]).tolist() == widths


@given(SENTENCES)
def test_the_cells_of_a_pair_are_those_of_its_shape(sentences):
    pairs = pairs_of(sentences)
    cells = Cells(pairs.targets.lengths(), pairs.sources.lengths())
    (block,) = blocks(pairs, cells)
    distances = [0 if cell == 0 else cells.distances[cell - 1] for cell in block.cells]
    expected = [
        0 if j == 0 else abs(i / len(target) - j / len(source))
        for source, target in sentences
        for i in range(1, len(target) + 1)
        for j in range(len(source) + 1)
    ]
    np.testing.assert_allclose(distances, expected, atol=1e-12)


def test_pairs_with_an_empty_side_are_not_whole():
    pairs = pairs_of([([1], []), ([1, 2], [3]), ([], [4]), ([], [])])
    assert pairs.whole().tolist() == [1]
    assert pairs.take(pairs.whole()).sources.values.tolist() == [1, 2]
