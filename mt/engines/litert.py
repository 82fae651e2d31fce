"""The LiteRT engine: int8 graphs of an encoder and of a decoder's step, without TensorFlow."""

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from queue import Empty, LifoQueue

import numpy as np

from mt.cores import usable_cores
from mt.engines import NO_CONDITIONS, Conditions, Hypothesis, SearchOptions
from mt.engines.chatter import without_chatter
from mt.engines.driven import Continuations, Decoder
from mt.engines.inside import TOO_OLD, Seen
from mt.engines.shortlist import ShortlistDecoder, shortlist
from mt.engines.steered import Begin, steered_search
from mt.engines.tiles import TiledStep
from mt.errors import BundleError
from mt.lexicon import Lexicon

Array = np.ndarray
ENDING = ".tflite"
DESCRIPTORS = Path("/dev/fd")  # the open files of this process
# The outputs of each graph, those of the SavedModel's signature of that name (mt.export). The converter numbers them in
# the order of the alphabet instead of keeping their names.
GRAPHS = {
    "encode": ("cell", "hidden", "keys", "outputs"),
    "step": ("attention", "best_ids", "best_log_probabilities", "log_probabilities", "next_cell", "next_hidden"),
    "inside": ("attention", "decoder", "encoder"),
    "choose": ("biases", "matrix"),
    "short_step": ("attention", "best_ids", "best_log_probabilities", "log_probabilities", "next_cell", "next_hidden"),
}
SHORT = ("choose", "short_step")  # what a search among the pieces of a shortlist takes
OPTIONAL = ("inside", *SHORT)  # which bundles of older versions have not
# The graphs with loops, which run without XNNPACK: under it (LiteRT 2.3), an interpreter in some hundreds computed
# something else from its second run on (seen with a small model: 16 of 4,500 interpreters, none of 4,500 without).
LOOPING = ("encode", "inside")


class LiteRTEngine:
    """Searches of any number of sources; several threads may search at once, each search on its own."""

    max_source_pieces = 512
    best_batch = 4  # 79 sentences a second one by one, 115 in fours, 121 in batches of 32 (make bench-serve)
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
        self._idle.put(first)

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says."""
        with self._graphs() as graphs:
            begin: Begin = partial(LiteRTDecoder, graphs)
            if self._lexicon and options.shortlist and not options.sampling:
                begin = partial(self._begin_short, self._lexicon, graphs, conditions)
            return steered_search(begin, sources, options, conditions)

    def _begin_short(
        self, lexicon: Lexicon, graphs: "Graphs", conditions: Conditions, sources: Sequence[Sequence[int]]
    ) -> Decoder:
        """A decoder of sources among the pieces of their shortlist, where they have one that is worth it."""
        candidates = shortlist(lexicon, sources, conditions.prefixes, self._vocabulary)
        if candidates is None:
            return LiteRTDecoder(graphs, sources)
        return ShortlistDecoder(LiteRTDecoder(graphs, sources, candidates), candidates, self._vocabulary)

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
    def _graphs(self) -> Iterator["Graphs"]:
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

    def __init__(self, graphs: "Graphs", sources: Sequence[Sequence[int]], candidates: Array | None = None) -> None:
        """With rising candidates (N), these alone are scored, and their places are the ids that are found."""
        self.graph: TiledStep[Graph] | None  # None while it sleeps; all else is data
        self._weights: dict[str, Array] = {}
        if candidates is None:
            self.graph, self._most = graphs.step, graphs.step.alone.vocabulary
        else:
            self.graph, self._most = graphs.short_step, len(candidates)
            chosen = graphs.choose.run({"candidates": candidates.astype(np.int32)}, GRAPHS["choose"])
            self._weights = dict(zip(GRAPHS["choose"], chosen, strict=True))
        names, width = GRAPHS["encode"], max(map(len, sources))
        encoded = [graphs.encode.run({"source_ids": np.array([source], np.int32)}, names) for source in sources]
        cells, hidden, keys, outputs = zip(*encoded, strict=True)
        self._states = {"hidden": np.concatenate(hidden), "cell": np.concatenate(cells)}
        self._memory = {
            "outputs": _stack([array[0] for array in outputs], width),
            "keys": _stack([array[0] for array in keys], width),
            "mask": _stack([np.ones(len(source), bool) for source in sources], width),
        }

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


def _stack(arrays: Sequence[Array], length: int) -> Array:
    """Arrays (S, …) of their own lengths as one (B, length, …), with zeros behind their ends."""
    stacked = np.zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
    for number, array in enumerate(arrays):
        stacked[number, : len(array)] = array
    return stacked


class GraphFiles:
    """The graphs of a folder, kept open: all interpreters have the same ones, whatever becomes of their paths."""

    def __init__(self, folder: Path) -> None:
        self.paths = {name: folder / f"{name}{ENDING}" for name in GRAPHS}
        there = {name: path for name, path in self.paths.items() if name not in OPTIONAL or path.is_file()}
        self.readable = {name: self._opened(path) for name, path in there.items()}

    def _opened(self, path: Path) -> str:
        """A path that leads to this very file as long as this object lives."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise BundleError(f"The graph {path} cannot be read: {error.strerror}. Export the bundle again.") from error
        weakref.finalize(self, os.close, descriptor)
        # Where the system has no such paths, the file's own must do.
        return f"/dev/fd/{descriptor}" if DESCRIPTORS.is_dir() else str(path)


class Graphs:
    """Interpreters for the graphs of a bundle, loaded when they are first asked for; for one thread at a time."""

    def __init__(self, files: GraphFiles) -> None:
        self.encode = Graph(files, "encode")
        self._files = files

    @cached_property
    def step(self) -> "TiledStep[Graph]":
        """The one that scores all pieces."""
        return TiledStep(partial(Graph, self._files, "step"))

    @cached_property
    def short_step(self) -> "TiledStep[Graph]":
        """The one that scores pieces whose weights it is given."""
        return TiledStep(partial(Graph, self._files, "short_step"))

    @cached_property
    def choose(self) -> "Graph":
        """The one that gives the weights of some pieces."""
        return Graph(self._files, "choose")

    @cached_property
    def inside(self) -> "Graph":
        """The one that shows what happens."""
        return Graph(self._files, "inside")


class Graph:
    """One LiteRT graph: arrays by name in, arrays by name out."""

    def __init__(self, files: GraphFiles, name: str) -> None:
        # Imported here, so that the module can be looked at where LiteRT is not installed.
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if name in LOOPING else OpResolverType.AUTO
        try:
            with without_chatter():
                self._interpreter = Interpreter(
                    files.readable[name], num_threads=1, experimental_op_resolver_type=kernels
                )
                self._interpreter.allocate_tensors()
        except (OSError, ValueError, RuntimeError) as error:
            raise BundleError(
                f"LiteRT cannot load the graph {files.paths[name]}: {error}. Export the bundle again."
            ) from error
        runner = self._interpreter.get_signature_runner()
        self._inputs = {one: detail["index"] for one, detail in runner.get_input_details().items()}
        outputs = {one: runner.get_output_details()[f"output_{place}"] for place, one in enumerate(GRAPHS[name])}
        self._outputs = {one: detail["index"] for one, detail in outputs.items()}
        self.vocabulary = int(outputs["log_probabilities"]["shape"][-1]) if name == "step" else 0
        self._given: dict[str, Array] = {}

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Some outputs for all inputs; an array that is given again is not copied again, so it must not change."""
        resized = {name: array for name, array in inputs.items() if array.shape != self._shape(name)}
        if resized:
            for name, array in resized.items():
                self._interpreter.resize_tensor_input(self._inputs[name], array.shape)
            self._interpreter.allocate_tensors()  # which forgets all inputs
            self._given = {}
        for name, array in inputs.items():
            if self._given.get(name) is not array:
                self._interpreter.set_tensor(self._inputs[name], array)
        self._given = dict(inputs)
        self._interpreter.invoke()
        return [self.read(name) for name in outputs]

    def read(self, output: str) -> Array:
        """An output of the last run."""
        array: Array = self._interpreter.get_tensor(self._outputs[output])
        return array

    def _shape(self, name: str) -> tuple[int, ...] | None:
        return self._given[name].shape if name in self._given else None
