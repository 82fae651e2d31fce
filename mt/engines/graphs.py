"""The LiteRT graphs of a bundle, and interpreters for them."""

import os
import re
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from mt.engines.chatter import without_chatter
from mt.engines.encoding import EncoderGraphs, Layer
from mt.engines.tiles import TiledStep
from mt.errors import BundleError

Array = np.ndarray
ENDING = ".tflite"
DESCRIPTORS = Path("/dev/fd")  # the open files of this process
STEP = ("attention", "best_ids", "best_log_probabilities", "log_probabilities", "next_cell", "next_hidden")
# The outputs of each graph, those of the SavedModel's signature of that name (mt.export). The converter numbers them in
# the order of the alphabet instead of keeping their names. A number in a name is that of a layer.
GRAPHS = {
    "sums": ("sums",),
    "read": ("next_cell", "next_hidden"),
    "remember": ("cell", "hidden", "keys", "outputs"),
    "step": STEP,
    "inside": ("attention", "decoder", "encoder"),
    "choose": ("biases", "matrix"),
    "short_step": STEP,
}
LAYER = re.compile(r"(sums|read)_(\d+)")
SHORT = ("choose", "short_step")  # what a search among the pieces of a shortlist takes
# With a loop, it runs without XNNPACK: under it (LiteRT 2.3), an interpreter in some hundreds of such a graph computed
# something else from its second run on (seen with a small model: 16 of 4,500 interpreters, none of 4,500 without).
LOOPING = ("inside",)


def outputs_of(name: str) -> tuple[str, ...]:
    """What the graph of a name, such as `read_2`, gives; nothing for a name that no graph has."""
    layer = LAYER.fullmatch(name)
    return GRAPHS.get(layer[1] if layer else name, ())


class GraphFiles:
    """The graphs of a folder, kept open: all interpreters have the same ones, whatever becomes of their paths."""

    def __init__(self, folder: Path) -> None:
        there = {path.stem for path in folder.glob(f"*{ENDING}") if outputs_of(path.stem)}
        self.layers = max((int(layer[2]) for layer in map(LAYER.fullmatch, there) if layer), default=1)
        needed = {f"{kind}_{number + 1}" for kind in ("sums", "read") for number in range(self.layers)}
        self.paths = {name: folder / f"{name}{ENDING}" for name in sorted(there | needed | {"remember", "step"})}
        self.readable = {name: self._opened(path) for name, path in self.paths.items()}

    def _opened(self, path: Path) -> str:
        """A path that leads to this very file as long as this object lives."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise BundleError(
                f"The graph {path} cannot be read: {error.strerror}. Export the bundle again, or "
                "`mt-train renew` it if an older version made it."
            ) from error
        weakref.finalize(self, os.close, descriptor)
        # Where the system has no such paths, the file's own must do.
        return f"/dev/fd/{descriptor}" if DESCRIPTORS.is_dir() else str(path)


class Graphs:
    """Interpreters for the graphs of a bundle, loaded when they are first asked for; for one thread at a time."""

    def __init__(self, files: GraphFiles) -> None:
        self._files = files

    @cached_property
    def encoder(self) -> EncoderGraphs:
        """Those that encode sources."""
        numbers = range(1, self._files.layers + 1)
        layers = [Layer(*(Graph(self._files, f"{kind}_{one}") for kind in ("sums", "read"))) for one in numbers]
        return EncoderGraphs(layers, Graph(self._files, "remember"))

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
        outputs = {one: runner.get_output_details()[f"output_{place}"] for place, one in enumerate(outputs_of(name))}
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
