"""The TensorFlow engine: runs the searches in a bundle's SavedModel, and drives its decoder for all others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mt.engines import MOST_BEAM, NO_CONDITIONS, Conditions, Hypothesis, SearchOptions
from mt.engines.driven import Continuations
from mt.engines.inside import TOO_OLD, Seen
from mt.engines.steered import steered_search
from mt.engines.tensorflow import import_tensorflow
from mt.errors import BundleError
from mt.ranking import NEVER
from mt.tokenizer import EOS, PAD

# TensorFlow and oneDNN keep memory for every new shape (tensorflow #124972): these are all there will be.
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128)
BATCHES = (1, 4, 16, 32)
BEAMS = (1, 2, 4, 8, MOST_BEAM)

Array = np.ndarray
Step = Callable[[Mapping[str, Array]], dict[str, Any]]


class SavedModelEngine:
    """Searches of any number of sources, in batches of a few fixed shapes."""

    max_source_pieces = WIDTHS[-1]
    best_batch = 4  # one of BATCHES; larger ones gain little more, and keep short texts waiting
    calls_at_once = 1  # which has all cores

    def __init__(self, path: Path, exported: SearchOptions, threads: int | None = None) -> None:
        """Loads the SavedModel, whose own beam search has the options it was exported with.

        `threads` bounds TensorFlow's threads and works before its first use in the process.
        """
        tf = import_tensorflow()
        if threads:
            try:
                tf.config.threading.set_intra_op_parallelism_threads(threads)
                tf.config.threading.set_inter_op_parallelism_threads(1)
            except RuntimeError:
                pass  # TensorFlow has started already; its threads stay as they are
        try:
            # The loaded object owns the variables; without it the signatures would lose them.
            self._loaded = tf.saved_model.load(str(path))
            self._beam = self._loaded.signatures["serving_default"]
            self._greedy = self._loaded.signatures["greedy"]
        except (OSError, ValueError, KeyError) as error:
            raise BundleError(f"TensorFlow cannot load the SavedModel {path}: {error}") from error
        self._as_tensor, self._path, self._exported = tf.constant, path, exported
        self.is_steerable = "step" in self._loaded.signatures  # which older versions did not export

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says; BundleError when the SavedModel is too old for a search that is not its own."""
        is_free = not any(conditions.prefixes) and conditions.is_over is None
        signature = self._own_search(options) if is_free else None
        if signature:
            return search_in_fixed_shapes(lambda ids: signature(source_ids=self._as_tensor(ids)), sources)
        begin = self._begin()
        return steered_search(lambda some, _: begin(some), sources, options, conditions)

    def begin(self, sources: Sequence[Sequence[int]]) -> "SavedModelDecoder":
        """As mt.engines.stream.SteppingEngine says; BundleError when the SavedModel is too old for it."""
        decoder = self._begin()(sources)
        decoder.sleep()
        return decoder

    @property
    def is_transparent(self) -> bool:
        """As mt.engines.inside.TransparentEngine says."""
        return "inside" in self._loaded.signatures

    def watch(self, source: Sequence[int], target: Sequence[int]) -> Seen:
        """As mt.engines.inside.TransparentEngine says."""
        if not self.is_transparent:
            raise BundleError(TOO_OLD)
        rows = {"source_ids": _padded(source), "target_ids": _padded(target)}
        found = _run(self._loaded.signatures["inside"], self._as_tensor, rows)
        attention, decoder, encoder = (found[name].numpy()[0] for name in ("attention", "decoder", "encoder"))
        pieces, steps = len(source), len(target)
        return Seen(encoder[:pieces], decoder[:steps], attention[:steps, :pieces])

    @contextmanager
    def awake(self, decoder: "SavedModelDecoder") -> Iterator[None]:
        """As mt.engines.stream.SteppingEngine says."""
        decoder.graph = partial(_run, self._loaded.signatures["step"], self._as_tensor)
        try:
            yield
        finally:
            decoder.sleep()

    def _own_search(self, options: SearchOptions) -> Any:
        """The signature that searches so, or None; loops go on in it, up to the limit."""
        options = replace(options, loop_guard=True)
        if options == replace(self._exported, loop_guard=True):
            return self._beam
        # For one hypothesis penalties make no difference.
        is_greedy = replace(options, length_penalty=1.0, coverage_penalty=0.0) == SearchOptions(beam=1)
        return self._greedy if is_greedy else None

    def _begin(self) -> "Callable[[Sequence[Sequence[int]]], SavedModelDecoder]":
        signatures = self._loaded.signatures
        if not self.is_steerable:
            raise BundleError(
                f"The SavedModel {self._path} knows no search but greedy search and that with {self._exported}: it was "
                "exported by an older version. Export the bundle again."
            )
        return partial(SavedModelDecoder, signatures["encode"], signatures["step"], self._as_tensor)


def search_in_fixed_shapes(
    run: Callable[[Array], Mapping[str, Any]], sources: Sequence[Sequence[int]]
) -> list[list[Hypothesis]]:
    """The hypotheses of each source, best first, by a search that gives the tensors of a SearchResult by their names.

    The search gets ids (B, S) of one of WIDTHS and BATCHES; those of like length together, rows left over hold EOS.
    """
    found: list[list[Hypothesis]] = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda index: len(sources[index]), reverse=True)
    for start in range(0, len(order), BATCHES[-1]):
        chosen = order[start : start + BATCHES[-1]]
        tensors = run(_fixed_shape([sources[index] for index in chosen]))
        result = {name: tensor.numpy() for name, tensor in tensors.items()}
        for row, index in enumerate(chosen):
            found[index] = _hypotheses(result, row, len(sources[index]))
    return found


def _fixed_shape(sources: Sequence[Sequence[int]]) -> Array:
    """The sources in the smallest of the fixed shapes that holds them; rows left over hold EOS alone."""
    longest = max(map(len, sources))
    width = next(width for width in WIDTHS if width >= longest)
    batch = next(batch for batch in BATCHES if batch >= len(sources))
    array = np.full((batch, width), PAD, np.int32)
    array[:, 0] = EOS
    for number, source in enumerate(sources):
        array[number, : len(source)] = source
    return array


def _padded(row: Sequence[int]) -> Array:
    """The ids (1, any) in the smallest fixed shape that holds them: one of WIDTHS, or a multiple of the last."""
    widths = (*WIDTHS[:-1], -(-len(row) // WIDTHS[-1]) * WIDTHS[-1])
    array = np.full((1, next(width for width in widths if width >= len(row))), PAD, np.int32)
    array[0, : len(row)] = row
    return array


class SavedModelDecoder:
    """The decoding of some sources; a mt.engines.driven.Decoder, whose steps have a few fixed shapes."""

    def __init__(
        self, encode: Any, step: Any, as_tensor: Callable[[Array], Any], sources: Sequence[Sequence[int]]
    ) -> None:
        self.graph: Step | None = partial(_run, step, as_tensor)  # None while it sleeps; all else is data
        self._vocabulary = int(step.structured_outputs["log_probabilities"].shape[-1])
        rows = np.split(_fixed_shape(sources)[: len(sources)], len(sources))
        encoded = [{name: tensor.numpy() for name, tensor in encode(source_ids=as_tensor(row)).items()} for row in rows]
        fields = {name: np.concatenate([one[name] for one in encoded]) for name in encoded[0]}
        self._states = {name: fields.pop(name) for name in ("hidden", "cell")}
        self._memory = {**fields, "mask": np.concatenate(rows) != PAD}
        self._log_probabilities: Any = None  # the last step's, which are many and seldom asked for

    def step(self, ids: Array, count: int) -> Continuations:
        """The `count` likeliest pieces behind the last ones (B, K), fewer where there are no more; states move on."""
        rows, places = _filled_up(ids.shape[0], BATCHES), _filled_up(ids.shape[1], BEAMS)
        inputs = {name: array[rows[:, None], places] for name, array in {"ids": ids, **self._states}.items()}
        inputs |= {name: array[rows] for name, array in self._memory.items()}
        inputs |= {"ids": inputs["ids"].astype(np.int32), "count": np.int32(min(count, self._vocabulary))}
        assert self.graph, "asleep"
        found = self.graph(inputs)
        self._log_probabilities = found.pop("log_probabilities")
        arrays = {name: tensor.numpy()[: ids.shape[0], : ids.shape[1]] for name, tensor in found.items()}
        self._states = {name: arrays[f"next_{name}"] for name in self._states}
        return Continuations(arrays["best_log_probabilities"], arrays["best_ids"], arrays["attention"])

    def log_probabilities(self) -> Array:
        """Those of all pieces (B, K, V), as the last step saw them."""
        sources, hypotheses = self._states["hidden"].shape[:2]
        found: Array = self._log_probabilities.numpy()[:sources, :hypotheses]
        return found

    def keep(self, rows: Array, places: Array) -> None:
        """Goes on with these of the sources (B',), and of each with the hypotheses in these places (B', K')."""
        self._states = {name: state[rows[:, None], places] for name, state in self._states.items()}
        self._memory = {name: array[rows] for name, array in self._memory.items()}

    def sleep(self) -> None:
        """Lets go of all that is not data."""
        self.graph = self._log_probabilities = None


def _run(step: Any, as_tensor: Callable[[Array], Any], inputs: Mapping[str, Array]) -> dict[str, Any]:
    found: dict[str, Any] = step(**{name: as_tensor(array) for name, array in inputs.items()})
    return found


def _filled_up(size: int, sizes: Sequence[int]) -> Array:
    """The places of an axis of one of these sizes; those left over repeat the last."""
    return np.minimum(np.arange(next(one for one in sizes if one >= size)), size - 1)


def _hypotheses(result: dict[str, Array], row: int, source_pieces: int) -> list[Hypothesis]:
    """The filled places of one row of a SearchResult."""
    found = []
    for place, length in enumerate(result["lengths"][row]):
        score = float(result["scores"][row, place])
        if score < NEVER / 2:
            continue
        ids = result["ids"][row, place, :length].tolist()
        attention = result["attention"][row, place, :length, :source_pieces]
        is_complete = bool(result["is_complete"][row, place])
        hypothesis = Hypothesis(ids, score, is_complete, attention)
        if "log_probabilities" in result:  # which SavedModels of older versions do not give
            gained = result["log_probabilities"][row, place, :length]
            end = np.full(int(is_complete), score - gained.sum(), np.float32)
            hypothesis = hypothesis._replace(log_probabilities=np.concatenate([gained, end]))
        found.append(hypothesis)
    return found
