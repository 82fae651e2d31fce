"""Batches of ids as every toolkit can take them: padded arrays in one file."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

PAD, BOS, EOS = 0, 2, 3  # as in mt.tokenizer, which the peers' environment lacks


class Padded(NamedTuple):
    """One batch; what lies behind an end is PAD."""

    source: np.ndarray  # (B, S) int32, EOS last
    target: np.ndarray  # (B, T) int32, begins with BOS: what the decoder reads
    labels: np.ndarray  # (B, T) int32, the piece that follows each of them, EOS last

    @property
    def pieces(self) -> int:
        """Target pieces with EOS, padding not counted."""
        return int(np.count_nonzero(self.labels))


def make_padded(source: np.ndarray, target: np.ndarray) -> Padded:
    """A batch whose labels are the targets moved by one, with EOS behind each."""
    labels = np.zeros_like(target)
    labels[:, :-1] = target[:, 1:]
    lengths = np.count_nonzero(target, axis=1)
    labels[np.arange(len(target)), lengths - 1] = EOS
    return Padded(source, target, labels)


def save(batches: Iterable[Padded], path: Path) -> None:
    """Writes batches in order."""
    arrays = {
        f"{number:05d}.{name}": array for number, one in enumerate(batches) for name, array in one._asdict().items()
    }
    np.savez_compressed(path, **arrays)


def load(path: Path) -> list[Padded]:
    """What `save` wrote."""
    with np.load(path) as arrays:
        numbers = sorted({name.partition(".")[0] for name in arrays.files})
        return [Padded(*(arrays[f"{number}.{field}"] for field in Padded._fields)) for number in numbers]
