"""A step in parts is a step: which rows go together, and that no row's results depend on it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines.graphs import Graph, GraphFiles
from mt.engines.tiles import MOST_ALONE, TILE, TiledStep, widths
from tests import tiny

OUTPUTS = ("best_log_probabilities", "best_ids", "attention", "next_hidden", "next_cell")


class DoublingGraph:
    """Gives the ids doubled, and remembers in how many rows it got them."""

    def __init__(self, calls):
        self._calls = calls

    def run(self, inputs, outputs):
        self._calls.append(inputs["ids"].shape)
        self._last = inputs["ids"] * 2 + inputs["count"]
        return [self._last] * len(outputs)

    def read(self, output):
        return self._last


@given(st.integers(1, 40))
def test_parts_are_whole_tiles_and_at_most_two_single_rows(rows):
    first, *others = widths(rows, has_vnni=False)
    assert first + sum(others) == rows
    assert others in ([], [1], [1] * MOST_ALONE)
    assert not others or first == 1 or first % TILE == 0


@given(st.integers(1, 40))
def test_with_vnni_all_rows_go_together(rows):
    assert widths(rows, has_vnni=True) == [rows]


@given(st.integers(1, 3), st.integers(1, 16), st.booleans())
def test_rows_come_back_in_their_order_whatever_goes_together(batch, beam, has_vnni):
    calls, ids = [], np.arange(batch * beam).reshape(batch, beam)
    step = TiledStep(lambda: DoublingGraph(calls), has_vnni)
    (found,) = step.run({"ids": ids}, {"count": np.array(1)}, ("best_ids",))
    np.testing.assert_array_equal(found, ids * 2 + 1)
    np.testing.assert_array_equal(step.log_probabilities(), found)
    assert [width for _, width in calls] == (widths(beam, has_vnni) if batch == 1 else [beam])


@pytest.mark.parametrize("beam", [1, 2, 4, 5, 6, 9])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("has_vnni", [True, False])
def test_no_row_of_the_int8_graph_depends_on_those_beside_it(batch, beam, has_vnni):
    draw, files = np.random.default_rng(beam), GraphFiles(tiny.bundle().litert)
    config = tiny.CONFIG
    states = (batch, beam, config.decoder_layers * config.decoder_hidden)
    rows = {
        "ids": draw.integers(0, tiny.VOCABULARY, (batch, beam)).astype(np.int32),
        "hidden": draw.normal(size=states).astype(np.float32),
        "cell": draw.normal(size=states).astype(np.float32),
    }
    shared = {
        "outputs": draw.normal(size=(batch, 7, 2 * config.encoder_hidden)).astype(np.float32),
        "keys": draw.normal(size=(batch, 7, config.decoder_hidden)).astype(np.float32),
        "mask": np.ones((batch, 7), bool),
        "count": np.array(3, np.int32),
    }
    step = TiledStep(lambda: Graph(files, "step"), has_vnni)
    found, seen = step.run(rows, shared, OUTPUTS), step.log_probabilities()
    *wanted, wanted_seen = Graph(files, "step").run({**rows, **shared}, (*OUTPUTS, "log_probabilities"))
    for one, other in zip([*found, seen], [*wanted, wanted_seen], strict=True):
        np.testing.assert_array_equal(one, other)
