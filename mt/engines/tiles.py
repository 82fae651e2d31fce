"""A decoder's step in parts: on most processors a graph takes five rows as long as eight, and one by a quicker way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np

from mt.cores import processor_flags

Array = np.ndarray
# XNNPACK's int8 kernels compute so many rows at once. The shipped model's step (AVX2, without what stands around it)
# takes 0.13 ms for one row, 0.34 for two, 0.36 for three, 0.39 for four and 0.68 for five.
TILE = 4
MOST_ALONE = 2  # rows beyond whole tiles that are faster one by one
# With VNNI a tile has five rows, and a few more cost no more together than alone: model M's step (AVX-512) takes
# 0.12 ms for one row, 0.15 for two, 0.16 for five, 0.27 for six and 0.28 for seven.
VNNI = {"avx512_vnni", "avx_vnni"}  # among a processor's flags
SEEN = "log_probabilities"


class Runnable(Protocol):
    """A graph in an interpreter, as mt.engines.graphs.Graph is."""

    def run(self, inputs: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Some outputs for all inputs."""

    def read(self, output: str) -> Array:
        """An output of the last run."""


OneGraph = TypeVar("OneGraph", bound=Runnable)


def widths(rows: int, has_vnni: bool) -> list[int]:
    """How many of the rows go together in each call: whole tiles first, and what is left; with VNNI, all at once."""
    alone = rows % TILE if rows % TILE <= MOST_ALONE and not has_vnni else 0
    return [rows - alone] * (rows > alone) + [1] * alone


class TiledStep(Generic[OneGraph]):
    """One graph in two interpreters, one for single rows, so that no call has to change their shapes."""

    def __init__(self, load: Callable[[], OneGraph], has_vnni: bool | None = None) -> None:
        self._load = load
        self._has_vnni = bool(processor_flags() & VNNI) if has_vnni is None else has_vnni
        self.alone = load()
        self._seen: list[Array | None] = []  # of each call of the last step, where it is read already

    @cached_property
    def together(self) -> OneGraph:
        """The interpreter for several rows, loaded when it is first needed."""
        return self._load()

    def run(self, rows: Mapping[str, Array], shared: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        """Some outputs (B, K, …) for what each hypothesis has, (B, K, …) too, and what all of them share."""
        self._seen = []
        found = [self._run(part, shared, outputs) for part in self._parts(rows)]
        return found[0] if len(found) == 1 else [np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)]

    def log_probabilities(self) -> Array:
        """Those of all pieces (B, K, V), as the last step saw them."""
        seen = [self.together.read(SEEN) if one is None else one for one in self._seen]
        return seen[0] if len(seen) == 1 else np.concatenate(seen, axis=1)

    def _run(self, rows: Mapping[str, Array], shared: Mapping[str, Array], outputs: Sequence[str]) -> list[Array]:
        if rows["ids"].size > 1:
            self._seen.append(None)
            return self.together.run({**rows, **shared}, outputs)
        *found, seen = self.alone.run({**rows, **shared}, (*outputs, SEEN))  # which the next row would overwrite
        self._seen.append(seen)
        return found

    def widths(self, batch: int, beam: int) -> list[int]:
        """How many hypotheses of each source go together in each call; those of several sources do so all."""
        return widths(beam, self._has_vnni) if batch == 1 else [beam]

    def _parts(self, rows: Mapping[str, Array]) -> Iterator[Mapping[str, Array]]:
        """The rows of each call."""
        parts = self.widths(*rows["ids"].shape)
        if len(parts) == 1:
            yield rows
            return
        for stop, width in zip(np.cumsum(parts).tolist(), parts, strict=True):
            yield {name: array[:, stop - width : stop] for name, array in rows.items()}
