"""The TensorFlow engine: runs the searches of a bundle's SavedModel."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mt.engines import Hypothesis
from mt.engines.tensorflow import import_tensorflow
from mt.errors import BundleError
from mt.tokenizer import EOS, PAD

# TensorFlow and oneDNN keep memory for every new shape (tensorflow #124972): these are all there will be.
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128)
BATCHES = (1, 4, 16, 32)


class SavedModelEngine:
    """Beam and greedy search of any number of sources, in batches of a few fixed shapes."""

    max_source_pieces = WIDTHS[-1]

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """Loads the SavedModel; `threads` bounds TensorFlow's threads and works before its first use in the process."""
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
        self._as_tensor = tf.constant

    def search(self, sources: Sequence[Sequence[int]], greedy: bool = False) -> list[list[Hypothesis]]:
        """The hypotheses of each source (1 to max_source_pieces ids), best first; those of like length go together."""
        signature = self._greedy if greedy else self._beam
        return search_in_fixed_shapes(lambda ids: signature(source_ids=self._as_tensor(ids)), sources)


def search_in_fixed_shapes(
    run: Callable[[np.ndarray], Mapping[str, Any]], sources: Sequence[Sequence[int]]
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


def _fixed_shape(sources: Sequence[Sequence[int]]) -> np.ndarray:
    """The sources in the smallest of the fixed shapes that holds them; rows left over hold EOS alone."""
    longest = max(map(len, sources))
    width = next(width for width in WIDTHS if width >= longest)
    batch = next(batch for batch in BATCHES if batch >= len(sources))
    array = np.full((batch, width), PAD, np.int32)
    array[:, 0] = EOS
    for number, source in enumerate(sources):
        array[number, : len(source)] = source
    return array


def _hypotheses(result: dict[str, np.ndarray], row: int, source_pieces: int) -> list[Hypothesis]:
    """The filled places of one row of a SearchResult."""
    found = []
    for place, length in enumerate(result["lengths"][row]):
        score = float(result["scores"][row, place])
        if score < -1e8:
            continue
        ids = result["ids"][row, place, :length].tolist()
        attention = result["attention"][row, place, :length, :source_pieces]
        found.append(Hypothesis(ids, score, bool(result["is_complete"][row, place]), attention))
    return found
