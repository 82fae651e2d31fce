"""The LiteRT engine: int8 graphs of an encoder and of a decoder's step, without TensorFlow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, LifoQueue

import numpy as np

from mt.cores import usable_cores
from mt.engines import NO_CONDITIONS, Conditions, Hypothesis, SearchOptions
from mt.engines.driven import Continuations, Decoder
from mt.engines.encoding import encode
from mt.engines.graphs import GRAPHS, SHORT, Graph, GraphFiles, Graphs
from mt.engines.inside import TOO_OLD, Seen
from mt.engines.shortlist import MOST_SOURCES, Shortlist, ShortlistDecoder, shortlist
from mt.engines.steered import steered_search
from mt.engines.tiles import TiledStep
from mt.errors import BundleError
from mt.lexicon import Lexicon
from mt.ranking import NEVER

Array = np.ndarray
Sources = Sequence[Sequence[int]]


class LiteRTEngine:
    """Searches of any number of sources; several threads may search at once, each search on its own."""

    max_source_pieces = 512
    best_batch = 8  # 211 sentences a second one by one, 427 in eights, 404 in batches of 32 (make bench-serve)
    is_steerable = True

    def __init__(self, path: Path, lexicon: Lexicon | None = None) -> None:
        """Loads the graphs in a folder; BundleError when one is missing or no graph.

        The folder may be removed or replaced afterwards, but its files must not be written to. With a lexicon, where
        the folder has the graphs for it, searches score the pieces that it allows alone: see SearchOptions.shortlist.
        """
        self._files = GraphFiles(path)
        self._lexicon = lexicon if all(name in self._files.readable for name in SHORT) else None
        self.calls_at_once = usable_cores()  # as an interpreter has one thread
        # One thread at a time may use an interpreter; more are made when more threads search at once, and kept.
        self._idle: LifoQueue[Graphs] = LifoQueue()
        first = Graphs(self._files)
        self._vocabulary = first.step.alone.vocabulary
        assert first.encoder  # loaded now, so that a graph that is none is told now
        self._idle.put(first)

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says."""
        with self._graphs() as graphs:
            if not self._lexicon or not options.shortlist or options.sampling:
                return steered_search(lambda some, _: LiteRTDecoder(graphs, some), sources, options, conditions)
            begin = partial(self._begin_short, self._lexicon, graphs)
            return steered_search(begin, sources, options, conditions, MOST_SOURCES)

    def _begin_short(self, lexicon: Lexicon, graphs: Graphs, sources: Sources, prefixes: Sources) -> Decoder:
        """A decoder of sources among the pieces that they allow, where the lexicon knows their language."""
        short = shortlist(lexicon, sources, prefixes)
        if short is None:
            return LiteRTDecoder(graphs, sources)
        return ShortlistDecoder(LiteRTDecoder(graphs, sources, short), short.candidates, self._vocabulary)

    @property
    def is_transparent(self) -> bool:
        """As mt.engines.inside.TransparentEngine says."""
        return "inside" in self._files.readable

    def watch(self, source: Sequence[int], target: Sequence[int]) -> Seen:
        """As mt.engines.inside.TransparentEngine says."""
        if not self.is_transparent:
            raise BundleError(TOO_OLD)
        inputs = {"source_ids": np.array([source], np.int32), "target_ids": np.array([target], np.int32)}
        with self._graphs() as graphs:
            attention, decoder, encoder = graphs.inside.run(inputs, GRAPHS["inside"])
        return Seen(encoder[0], decoder[0], attention[0])

    def begin(self, sources: Sequence[Sequence[int]]) -> "LiteRTDecoder":
        """As mt.engines.stream.SteppingEngine says."""
        with self._graphs() as graphs:
            decoder = LiteRTDecoder(graphs, sources)
            decoder.graph = None
        return decoder

    @contextmanager
    def awake(self, decoder: "LiteRTDecoder") -> Iterator[None]:
        """As mt.engines.stream.SteppingEngine says."""
        with self._graphs() as graphs:
            decoder.graph = graphs.step
            try:
                yield
            finally:
                decoder.graph = None

    @contextmanager
    def _graphs(self) -> Iterator[Graphs]:
        """Interpreters that nobody else uses meanwhile."""
        try:
            graphs = self._idle.get_nowait()
        except Empty:
            graphs = Graphs(self._files)
        try:
            yield graphs
        finally:
            self._idle.put(graphs)


class LiteRTDecoder:
    """The decoding of some sources; a mt.engines.driven.Decoder."""

    def __init__(self, graphs: Graphs, sources: Sources, short: Shortlist | None = None) -> None:
        """With a shortlist, its candidates alone are scored, and their places are the ids that are found."""
        self.graph: TiledStep[Graph] | None  # None while it sleeps; all else is data
        self._weights: dict[str, Array] = {}
        if short is None:
            self.graph, self._most = graphs.step, graphs.step.alone.vocabulary
        else:
            self.graph, self._most = graphs.short_step, len(short.candidates)
            candidates = {"candidates": short.candidates.astype(np.int32)}
            biases, self._weights["matrix"] = graphs.choose.run(candidates, GRAPHS["choose"])
        encoded = encode(graphs.encoder, sources)
        self._states = {name: encoded.pop(name) for name in ("hidden", "cell")}
        self._memory = encoded
        if short:
            self._memory["biases"] = np.where(short.allowed, biases, np.float32(NEVER))

    def step(self, ids: Array, count: int) -> Continuations:
        """The `count` likeliest pieces behind the last ones (B, K), fewer where there are no more; states move on."""
        assert self.graph, "asleep"
        shared = {"count": np.array(min(count, self._most), np.int32), **self._memory, **self._weights}
        names = ("best_log_probabilities", "best_ids", "attention", "next_hidden", "next_cell")
        *found, hidden, cell = self.graph.run({"ids": ids.astype(np.int32), **self._states}, shared, names)
        self._states = {"hidden": hidden, "cell": cell}
        return Continuations(*found)

    def log_probabilities(self) -> Array:
        """Those of all pieces (B, K, V), as the last step saw them."""
        assert self.graph, "asleep"
        return self.graph.log_probabilities()

    def keep(self, rows: Array, places: Array) -> None:
        """Goes on with these of the sources (B',), and of each with the hypotheses in these places (B', K')."""
        self._states = {name: state[rows[:, None], places] for name, state in self._states.items()}
        if len(rows) < len(self._memory["mask"]):
            self._memory = {name: array[rows] for name, array in self._memory.items()}
