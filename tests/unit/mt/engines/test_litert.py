"""The LiteRT engine's files: which it needs, and that it keeps to those it was opened with."""

import os
import shutil

import numpy as np
import pytest

from mt.engines import SearchOptions
from mt.engines.encoding import encode
from mt.engines.graphs import GraphFiles, Graphs
from mt.engines.litert import LiteRTEngine
from mt.errors import BundleError
from tests import tiny

SOURCES = [[*tiny.tokenizer().encode(["seventy one"])[0], 2]]


@pytest.fixture
def graphs(tmp_path):
    return shutil.copytree(tiny.bundle().litert, tmp_path / "litert")


@pytest.mark.parametrize("name", ["sums_1", "read_1", "read_2", "remember", "step"])
def test_a_graph_that_is_missing_is_named(graphs, name):
    (graphs / f"{name}.tflite").unlink()
    with pytest.raises(BundleError, match=rf"{name}\.tflite cannot be read: No such file or directory. Export"):
        LiteRTEngine(graphs)


def test_a_bundle_of_an_older_version_translates_and_cannot_be_looked_into(graphs):
    (graphs / "inside.tflite").unlink()
    engine = LiteRTEngine(graphs)
    assert engine.search(SOURCES, SearchOptions(1))
    assert not engine.is_transparent
    with pytest.raises(BundleError, match=r"older version, so its network cannot be looked into\. Export it again\."):
        engine.watch(SOURCES[0], [1])


def test_a_graph_that_is_none_is_named(graphs):
    (graphs / "step.tflite").write_bytes(b"no graph at all, but long enough")
    with pytest.raises(BundleError, match=r"LiteRT cannot load the graph .*/litert/step\.tflite: .* Export the bundle"):
        LiteRTEngine(graphs)


def test_an_engine_whose_folder_is_replaced_goes_on_with_its_own_graphs_in_further_threads_too(graphs):
    engine, options = LiteRTEngine(graphs), SearchOptions(1)
    expected = engine.search(SOURCES, options)
    shutil.rmtree(graphs)
    graphs.mkdir()
    (graphs / "read_1.tflite").write_bytes(b"another graph")
    with engine._graphs():  # as another thread does, so that more interpreters are needed
        ((found,),) = engine.search(SOURCES, options)
    assert (found.ids, found.score) == (expected[0][0].ids, expected[0][0].score)
    assert np.array_equal(found.attention, expected[0][0].attention)


def test_each_of_many_interpreters_encodes_the_same_whatever_it_did_before(graphs):
    """As mt.engines.graphs.LOOPING says, some do not if they have loops, when memory is in use as here."""
    files, draw, others = GraphFiles(graphs), np.random.default_rng(1), []
    sources = [draw.integers(263, tiny.VOCABULARY, length).tolist() for length in range(1, 25)]
    known = [encode(Graphs(files).encoder, [source]) for source in sources]
    for _ in range(1000):
        encoder = Graphs(files).encoder
        others += [encoder, np.ones(draw.integers(3000))]
        for number in np.repeat(draw.integers(0, len(sources), 3), 2):
            found = encode(encoder, [sources[number]])
            assert all(np.array_equal(found[name], array) for name, array in known[number].items())


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted as Linux does")
def test_an_engine_that_is_dropped_closes_its_files(graphs):
    before = len(os.listdir("/proc/self/fd"))
    engine = LiteRTEngine(graphs)
    assert len(os.listdir("/proc/self/fd")) > before
    del engine
    assert len(os.listdir("/proc/self/fd")) == before
