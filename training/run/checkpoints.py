"""The state of a training run on disk, written so that a crash never costs the last good one."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from mt.errors import TrainingError

NEWEST, PREVIOUS, DAMAGED = "last.npz", "previous.npz", "damaged.npz"


class Checkpoint(NamedTuple):
    """Arrays by name, and what else is needed to go on."""

    arrays: dict[str, np.ndarray]
    progress: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint, keep: Path | None = None) -> None:
    """Writes a checkpoint as replace_file does."""
    stored: dict[str, Any] = {f"array:{name}": array for name, array in checkpoint.arrays.items()}
    stored["progress"] = np.frombuffer(json.dumps(checkpoint.progress).encode(), np.uint8)
    replace_file(path, lambda file: np.savez(file, **stored), keep)


def replace_file(path: Path, write: Callable[[IO[bytes]], object], keep: Path | None = None) -> None:
    """Writes beside the target, syncs, and renames over it: the file is the old one or the new one, never half.

    What was there gets the name `keep`. TrainingError when it cannot be written, such as on a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            os.replace(path, keep)
        os.replace(partial, path)
        _sync_folder(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TrainingError(
            f"Cannot write {path}: {error.strerror}. What was there stays; make room, then give the same command again."
        ) from error


def replace_text(path: Path, text: str) -> None:
    """Writes a text as replace_file does."""
    replace_file(path, lambda file: file.write(text.encode()))


def _sync_folder(folder: Path) -> None:
    """Makes the names in a folder outlast a power cut; Windows cannot open a folder, and needs no telling."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class DamagedCheckpoint(TrainingError):
    """A file that is no whole checkpoint."""


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file; DamagedCheckpoint, or another TrainingError when the file cannot be opened."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise TrainingError(f"There is no checkpoint {path}. Run `mt-train run` first.") from None
    except OSError as error:
        raise TrainingError(
            f"The checkpoint {path} cannot be opened: {error.strerror}. Make it readable, then try again."
        ) from error
    try:
        with file, np.load(file) as stored:
            arrays = {name[6:]: stored[name] for name in stored.files if name.startswith("array:")}
            return Checkpoint(arrays, json.loads(stored["progress"].tobytes()))
    except Exception as error:  # zipfile, numpy and json each have errors of their own for a damaged file
        raise DamagedCheckpoint(
            f"The checkpoint {path} is damaged ({error}). Remove it to go on without it."
        ) from error


def save_newest(folder: Path, checkpoint: Checkpoint) -> None:
    """Keeps a checkpoint of a run to go on from, and the one before it in case this one is damaged some day."""
    save_checkpoint(folder / NEWEST, checkpoint, keep=folder / PREVIOUS)


def has_checkpoint(folder: Path) -> bool:
    """Whether there is anything to go on from, whole or not."""
    return bool(_generations(folder))


def load_newest(folder: Path, say: Callable[[str], object]) -> tuple[Path, Checkpoint] | None:
    """The file and content of the newest checkpoint that is whole; None before the first.

    A damaged one is told to `say` and gets another name, so that saving does not keep it in the place of the good one.
    TrainingError when there are some and none is whole, or one cannot be opened.
    """
    problems: list[DamagedCheckpoint] = []
    for path in _generations(folder):
        try:
            checkpoint = load_checkpoint(path)
        except DamagedCheckpoint as error:
            problems.append(error)
            continue
        if path.name != NEWEST:
            why = _set_aside(folder, problems)
            say(f"{why} Going on from {path}, saved at update {checkpoint.progress['update']:,}.")
        return path, checkpoint
    if problems:
        raise TrainingError(" ".join(map(str, problems)))
    return None


def _generations(folder: Path) -> list[Path]:
    """The checkpoints of a run to go on from, newest first."""
    return [folder / name for name in (NEWEST, PREVIOUS) if (folder / name).exists()]


def _set_aside(folder: Path, problems: Sequence[DamagedCheckpoint]) -> str:
    """Renames the newest checkpoint, and says why; a crash between two renames leaves none."""
    newest, damaged = folder / NEWEST, folder / DAMAGED
    if not newest.exists():
        return f"There is no {newest}."
    os.replace(newest, damaged)
    return f"The checkpoint {newest} is damaged ({problems[0].__cause__}) and now named {damaged.name}."


def average(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """The mean of the arrays of several checkpoints of one model (checkpoint averaging, Vaswani et al. 2017, §6.1)."""
    if not paths:
        raise TrainingError("There is no checkpoint to average. Run `mt-train run` first.")
    total = {name: array.astype(np.float64) for name, array in load_checkpoint(paths[0]).arrays.items()}
    for path in paths[1:]:
        for name, array in load_checkpoint(path).arrays.items():
            total[name] += array
    return {name: (array / len(paths)).astype(np.float32) for name, array in total.items()}
