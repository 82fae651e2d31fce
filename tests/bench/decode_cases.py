"""What is measured of translating: the jobs, what is the same for all who do them, and how one of them is told."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.bench.cases import SEED
from tests.bench.padded import EOS

PIECES = 20  # of every source, EOS included, and forced of every translation
SOURCES = 32  # different ones


class Search(NamedTuple):
    """So many sentences in one call; beam 1 is greedy search."""

    sentences: int
    beam: int


SEARCHES = {
    "one, greedy": Search(1, 1),
    "one, beam 5": Search(1, 5),
    "32, greedy": Search(32, 1),
    "32, beam 5": Search(32, 5),
}
BEAM = max(search.beam for search in SEARCHES.values())
STEPS = {"1 row": (1, 1), "5 rows": (1, 5), "160 rows": (32, 5)}  # of a decoder: sources, and hypotheses of each
GRAPH_ALONE = ", graph alone"  # behind the name of a step: without what the search does for it
COPY = "copy"  # of as many bytes as a step has int8 weights
ONE_BY_ONE = "one by one"  # the lines of a text


@dataclass(frozen=True)
class DecodeSpec:
    """What a contestant is told."""

    name: str  # of the contestant
    case: str  # in tests.bench.cases.CASES: the sizes of the model
    folder: str  # what tests.bench.decode_model left there, and where a contestant may write
    threads: int

    @classmethod
    def read(cls, path: Path) -> "DecodeSpec":
        """What `write_spec` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class TextSpec:
    """What a translator of real text is told."""

    bundle: str
    engine: str  # one of mt.open_engine.ENGINES
    threads: int
    source: str  # a text file, one sentence a line
    lines: int  # of it
    languages: tuple[str, str]
    processes: tuple[int, ...]  # how many share the lines, one measurement for each


def write_spec(spec: DecodeSpec | TextSpec, path: Path) -> Path:
    """The path, with the spec in it."""
    path.write_text(json.dumps(asdict(spec)), encoding="utf-8")
    return path


def share(part: int, parts: int) -> str:
    """The name of the job that translates one of so many parts of a text in one call."""
    return f"part {part} of {parts}"


def make_sources(vocabulary: int) -> list[list[int]]:
    """The ids of all sources, drawn at random, the same for everybody; EOS last."""
    drawn = np.random.default_rng(SEED).integers(EOS + 1, vocabulary, (SOURCES, PIECES - 1))
    return [[*row, EOS] for row in drawn.tolist()]
