"""One step of the decoder alone: as the search calls it, and the LiteRT graph without what stands around it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mt.engines.graphs import Graph, GraphFiles, Graphs
from mt.engines.litert import LiteRTDecoder
from mt.engines.tiles import TiledStep
from tests.bench.cases import CASES, SEED
from tests.bench.decode_cases import COPY, GRAPH_ALONE, STEPS, DecodeSpec, make_sources
from tests.bench.decode_litert import facts
from tests.bench.decode_worker import Contestant, Job, Sources, serve
from tests.bench.padded import EOS


def build(path: Path) -> Contestant:
    """Two jobs for each of STEPS, and the copy that memory is measured with."""
    spec = DecodeSpec.read(path)
    folder, vocabulary = Path(spec.folder), CASES[spec.case].vocabulary
    weights = json.loads((folder / "model.json").read_text(encoding="utf-8"))["step_weights"]
    jobs = {COPY: Job(copying(weights))}
    for name, (batch, beam) in STEPS.items():
        # Interpreters of their own: the graph alone runs again on what the step before it was given.
        graphs = Graphs(GraphFiles(folder / "int8"))
        step = stepping(graphs, make_sources(vocabulary)[:batch], beam, vocabulary)
        step(0)
        jobs |= {name: Job(step), name + GRAPH_ALONE: Job(invoking(graphs.step, batch, beam))}
    return Contestant(jobs, {**facts(spec, "int8"), "step_weights": weights})


def stepping(graphs: Graphs, sources: Sources, beam: int, vocabulary: int) -> Callable[[int], object]:
    """A step of all hypotheses, with other pieces each time."""
    decoder = LiteRTDecoder(graphs, sources)
    draw = np.random.default_rng(SEED)
    pieces = draw.integers(EOS + 1, vocabulary, (len(make_sources(vocabulary)), len(sources), beam)).astype(np.int32)
    # A decoder begins with one hypothesis a source.
    decoder.keep(np.arange(len(sources)), np.zeros((len(sources), beam), np.intp))
    return lambda number: decoder.step(pieces[number % len(pieces)], beam)


def invoking(step: TiledStep[Graph], batch: int, beam: int) -> Callable[[int], object]:
    """The runs of the graph that a step of so many hypotheses takes, on what they were given last."""
    parts = step.widths(batch, beam)
    runs = [(step.alone if batch * width == 1 else step.together)._interpreter.invoke for width in parts]
    return lambda _: [run() for run in runs]


def copying(size: int) -> Callable[[int], object]:
    """A copy of so many bytes, which reads and writes them."""
    source, target = np.ones(size, np.int8), np.zeros(size, np.int8)
    return lambda _: np.copyto(target, source)


if __name__ == "__main__":
    serve(build)
