"""The state of a training run on disk, written so that a crash never costs the last good one."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mt.errors import TrainingError


class Checkpoint(NamedTuple):
    """Arrays by name, and what else is needed to go on."""

    arrays: dict[str, np.ndarray]
    progress: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes beside the target, syncs, and renames over it: the file is the old one or the new one, never half.

    TrainingError when it cannot be written, such as on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    stored: dict[str, Any] = {f"array:{name}": array for name, array in checkpoint.arrays.items()}
    stored["progress"] = np.frombuffer(json.dumps(checkpoint.progress).encode(), np.uint8)
    try:
        with partial.open("wb") as file:
            np.savez(file, **stored)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TrainingError(
            f"Cannot write {path}: {error.strerror}. What was there stays; make room, then give the same command again."
        ) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file; TrainingError when it is damaged."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            arrays = {name[6:]: stored[name] for name in stored.files if name.startswith("array:")}
            return Checkpoint(arrays, json.loads(stored["progress"].tobytes()))
    except FileNotFoundError:
        raise TrainingError(f"There is no checkpoint {path}. Run `mt-train run` first.") from None
    except Exception as error:  # zipfile, numpy and json each have errors of their own for a damaged file
        raise TrainingError(f"The checkpoint {path} is damaged ({error}). Remove it to go on without it.") from error


def average(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """The mean of the arrays of several checkpoints of one model (checkpoint averaging, Vaswani et al. 2017, §6.1)."""
    if not paths:
        raise TrainingError("There is no checkpoint to average. Run `mt-train run` first.")
    total = {name: array.astype(np.float64) for name, array in load_checkpoint(paths[0]).arrays.items()}
    for path in paths[1:]:
        for name, array in load_checkpoint(path).arrays.items():
            total[name] += array
    return {name: (array / len(paths)).astype(np.float32) for name, array in total.items()}
