"""Rows of numbers kept on disk instead of in memory: the texts of a corpus, as bytes, and the ids of their pieces.

A store is a folder of columns. A column is two files, the values of all rows one behind the other and the offsets where
rows begin; `store.json` says what must be in them, and what they were made of. A store is written in one stream beside
its place, synced, and renamed into it, so that what is there is whole. It may be deleted: it is made again.
"""

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from training.data.rows import ROWS_AT_ONCE, Rows

SECONDS_A_DAY = 86_400
MANIFEST = "store.json"


@dataclass(frozen=True)
class Column:
    """The rows of one column of a store.

    Its files are mapped into memory for each reading and let go again: pages that were read would else count as memory
    of the process until it ends.
    """

    folder: Path
    name: str
    dtype: str
    count: int  # rows
    size: int  # values of all rows together

    def take(self, numbers: np.ndarray) -> Rows:
        """Some rows, in the order of their numbers."""
        if not len(numbers):
            return Rows(np.empty(0, self.dtype), np.zeros(1, np.int64))
        # A file without a byte cannot be mapped.
        values = _map(self.values_path, self.dtype) if self.size else np.empty(0, self.dtype)
        return Rows(values, _map(self.offsets_path, "<i8")).take(numbers)

    @property
    def values_path(self) -> Path:
        """The file of the values."""
        return self.folder / f"{self.name}.values"

    @property
    def offsets_path(self) -> Path:
        """The file of the offsets."""
        return self.folder / f"{self.name}.offsets"

    def is_whole(self) -> bool:
        """Whether the files are as long as they must be."""
        expected = {self.values_path: self.size * np.dtype(self.dtype).itemsize, self.offsets_path: 8 * self.count + 8}
        return all(path.is_file() and path.stat().st_size == size for path, size in expected.items())


def _map(path: Path, dtype: str) -> np.ndarray:
    # As a plain array: slices of a np.memmap take ten times as long.
    return np.asarray(np.memmap(path, dtype, "r"))


class Texts(Sequence[str]):
    """The texts of a column, read when they are asked for."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __len__(self) -> int:
        return self.column.count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        numbers = range(len(self))[index]
        return self.pick(np.array([numbers]))[0] if isinstance(numbers, int) else self.pick(np.array(numbers))

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), ROWS_AT_ONCE):
            yield from self.pick(np.arange(start, min(start + ROWS_AT_ONCE, len(self))))

    def pick(self, numbers: np.ndarray) -> list[str]:
        """Some texts, in the order of their numbers."""
        return self.column.take(numbers).texts()


class Store(NamedTuple):
    """The columns of a folder, and what was noted when it was written."""

    columns: dict[str, Column]
    notes: Any


def kept_store(
    folder: Path, made_of: Any, chunks: Callable[[], Iterable[Mapping[str, Rows]]], notes: Callable[[], Any]
) -> Store:
    """The store in a folder, written first if it is not there, not whole, or made of something else.

    `made_of` is any JSON value. Chunks have the same columns, each as long as the others; the notes are taken after the
    last. Raises OSError when it cannot be written, such as on a full disk; then nothing is left of it.
    """
    # What JSON makes of it: tuples become lists.
    made_of = json.loads(json.dumps(made_of))
    store = open_store(folder, made_of)
    if store is None:
        partial = _partial_folder(folder)
        try:
            _write(partial, made_of, chunks(), notes)
            # Another process, of the same run on several machines, may have been faster.
            if open_store(folder, made_of) is None:
                shutil.rmtree(folder, ignore_errors=True)
                os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        store = open_store(folder, made_of)
        assert store is not None, folder
    return store


def open_store(folder: Path, made_of: Any) -> Store | None:
    """The store in a folder; None when there is none, it is not whole, or was made of something else."""
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        columns = {name: Column(folder, name, **about) for name, about in facts["columns"].items()}
        is_right = facts["made_of"] == made_of and all(column.is_whole() for column in columns.values())
        return Store(columns, facts["notes"]) if is_right else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # whatever a damaged manifest may cause
        return None


def _partial_folder(folder: Path) -> Path:
    """A new folder beside another, of a name that no other process uses; what killed processes left is removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{folder.name}.partial-*"):
        if time.time() - left.stat().st_mtime > SECONDS_A_DAY:
            shutil.rmtree(left, ignore_errors=True)
    partial = folder.with_name(f"{folder.name}.partial-{uuid.uuid4().hex}")
    partial.mkdir()
    return partial


def _write(folder: Path, made_of: Any, chunks: Iterable[Mapping[str, Rows]], notes: Callable[[], Any]) -> None:
    columns: dict[str, Column] = {}
    for chunk in chunks:
        for name, rows in chunk.items():
            column = columns.get(name) or _begin(folder, name, rows.values.dtype)
            columns[name] = _append(column, rows)
    for column in columns.values():
        _sync(column.values_path)
        _sync(column.offsets_path)
    about = {name: {"dtype": one.dtype, "count": one.count, "size": one.size} for name, one in columns.items()}
    facts = {"made_of": made_of, "notes": notes(), "columns": about}
    (folder / MANIFEST).write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    _sync(folder / MANIFEST)


def _begin(folder: Path, name: str, dtype: np.dtype) -> Column:
    column = Column(folder, name, dtype.str, 0, 0)
    column.values_path.touch()
    column.offsets_path.write_bytes(np.zeros(1, "<i8").tobytes())
    return column


def _append(column: Column, rows: Rows) -> Column:
    """The column with rows more."""
    with column.values_path.open("ab") as file:
        file.write(rows.values.tobytes())
    with column.offsets_path.open("ab") as file:
        file.write((rows.offsets[1:] + column.size).astype("<i8").tobytes())
    return Column(column.folder, column.name, column.dtype, column.count + rows.rows, column.size + len(rows.values))


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
