"""The TensorFlow engine: a few fixed shapes whatever comes, and nobody's result depends on a neighbour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines.savedmodel import BATCHES, WIDTHS, SavedModelEngine, _fixed_shape
from mt.errors import BundleError
from mt.tokenizer import EOS, PAD
from tests import tiny

SOURCES = st.lists(st.lists(st.integers(4, 99), min_size=1, max_size=WIDTHS[-1]), min_size=1, max_size=BATCHES[-1])


@given(SOURCES)
def test_sources_of_any_number_and_length_fit_one_of_the_fixed_shapes(sources):
    array = _fixed_shape(sources)
    assert array.shape[0] in BATCHES
    assert array.shape[1] in WIDTHS
    for row, source in zip(array, sources, strict=False):
        assert row.tolist() == source + [PAD] * (len(row) - len(source))
    assert all(row.tolist() == [EOS] + [PAD] * (len(row) - 1) for row in array[len(sources) :])


@pytest.fixture(scope="module")
def engine():
    return SavedModelEngine(tiny.bundle().saved_model, threads=1)


def sources(count):
    tokenizer = tiny.tokenizer()
    return [tokenizer.source_ids(ids, "de") for ids in tokenizer.encode(tiny.number_names("en")[100 : 100 + count])]


@pytest.mark.parametrize("greedy", [False, True])
def test_a_source_is_searched_alone_as_among_others(engine, greedy):
    some = sources(35)
    together = engine.search(some, greedy)
    assert len(together) == 35
    for place in (0, 17, 34):
        (alone,) = engine.search([some[place]], greedy)
        for one, other in zip(alone, together[place], strict=True):
            assert (one.ids, one.is_complete) == (other.ids, other.is_complete)
            assert one.score == pytest.approx(other.score, abs=1e-4)
            np.testing.assert_allclose(one.attention, other.attention, atol=1e-4)


def test_hypotheses_come_as_many_as_the_beam_with_attention_over_their_own_source(engine):
    for source, found in zip(sources(5), engine.search(sources(5)), strict=True):
        assert len(found) == tiny.BEAM
        for one in found:
            assert one.attention.shape == (len(one.ids), len(source))
            np.testing.assert_allclose(one.attention.sum(axis=1), 1, atol=1e-5)


def test_greedy_search_gives_one_hypothesis(engine):
    assert [len(found) for found in engine.search(sources(3), greedy=True)] == [1, 1, 1]


def test_no_sources_give_nothing(engine):
    assert engine.search([]) == []


def test_a_folder_without_a_saved_model_is_refused(tmp_path):
    with pytest.raises(BundleError, match=rf"TensorFlow cannot load the SavedModel {tmp_path}: "):
        SavedModelEngine(tmp_path)
