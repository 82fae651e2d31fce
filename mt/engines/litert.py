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
from mt.engines.driven import Continuations
from mt.engines.inside import TOO_OLD, Seen
from mt.engines.steered import steered_search
from mt.errors import BundleError

Array = np.ndarray
ENDING = ".tflite"
DESCRIPTORS = Path("/dev/fd")  # the open files of this process
# The outputs of each graph, those of the SavedModel's signature of that name (mt.export). The converter numbers them in
# the order of the alphabet instead of keeping their names.
GRAPHS = {
    "encode": ("cell", "hidden", "keys", "outputs"),
    "step": ("attention", "best_ids", "best_log_probabilities", "log_probabilities", "next_cell", "next_hidden"),
    "inside": ("attention", "decoder", "encoder"),
}
OPTIONAL = ("inside",)  # which bundles of older versions have not
# The graphs with loops, which run without XNNPACK: under it (LiteRT 2.3), an interpreter in some hundreds computed
# something else from its second run on (seen with a small model: 16 of 4,500 interpreters, none of 4,500 without).
LOOPING = ("encode", "inside")


class LiteRTEngine:
    """Searches of any number of sources; several threads may search at once, each search on its own."""

    max_source_pieces = 512
    best_batch = 4  # 79 sentences a second one by one, 115 in fours, 121 in batches of 32 (make bench-serve)
    is_steerable = True

    def __init__(self, path: Path) -> None:
        """Loads the graphs in a folder; BundleError when one is missing or no graph.

        The folder may be removed or replaced afterwards, but its files must not be written to.
        """
        self._files = GraphFiles(path)
        self.calls_at_once = usable_cores()  # as an interpreter has one thread
        # One thread at a time may use an interpreter; more are made when more threads search at once, and kept.
        self._idle: LifoQueue[Graphs] = LifoQueue()
        self._idle.put(Graphs(self._files))

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says."""
        with self._graphs() as graphs:
            return steered_search(partial(LiteRTDecoder, graphs), sources, options, conditions)

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

    def __init__(self, graphs: "Graphs", sources: Sequence[Sequence[int]]) -> None:
        self.graph: Graph | None = graphs.step  # None while it sleeps; all else is data
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
        inputs = {"ids": ids.astype(np.int32), "count": np.array(min(count, self.graph.vocabulary), np.int32)}
        names = ("best_log_probabilities", "best_ids", "attention", "next_hidden", "next_cell")
        *found, hidden, cell = self.graph.run({**inputs, **self._states, **self._memory}, names)
        self._states = {"hidden": hidden, "cell": cell}
        return Continuations(*found)

    def log_probabilities(self) -> Array:
        """Those of all pieces (B, K, V), as the last step saw them."""
        assert self.graph, "asleep"
        return self.graph.read("log_probabilities")

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
    """An interpreter for each graph of a bundle; for one thread at a time."""

    def __init__(self, files: GraphFiles) -> None:
        self.encode, self.step = (Graph(files, name) for name in ("encode", "step"))
        self._files = files

    @cached_property
    def inside(self) -> "Graph":
        """The one that shows what happens, loaded when it is first asked for."""
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
