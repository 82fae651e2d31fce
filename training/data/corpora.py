"""The corpora of a recipe, read and filtered, as the bitexts of its directions; on disk, for they may be large."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from mt.errors import CorpusError
from mt.text import normalize
from training.data.corpus import FilterReport, Pair, PairFilter, read_pairs, stream_pairs
from training.data.dataset import Bitext
from training.data.rows import ROWS_AT_ONCE, Rows, text_rows
from training.data.store import Texts, kept_store
from training.recipe import CorpusConfig, Recipe

STORE_FORMAT = 1  # raised whenever other texts come of the same files and filter, as by a new normalization


class Corpora(NamedTuple):
    """The training and dev bitexts, and what the filters did."""

    train: list[Bitext]  # of every direction and corpus
    dev: list[Bitext]  # of every direction
    reports: dict[str, FilterReport]  # by corpus name

    def as_dict(self) -> dict[str, Any]:
        """The filter reports for JSON."""
        return {name: report.as_dict() for name, report in self.reports.items()}

    @property
    def sentences(self) -> int:
        """How many training sentences there are on both sides, whatever the number of directions."""
        return sum(map(len, self._sides()))

    def texts(self, most: int = sys.maxsize) -> Iterator[str]:
        """Each training sentence of either side once; if there are more than `most`, about so many drawn at random.

        The draw is always the same, and takes from each side of each corpus in proportion.
        """
        generator, total = np.random.default_rng(0), self.sentences
        for side in self._sides():
            if total <= most:
                yield from side
            else:
                yield from _pick(side, generator.choice(len(side), most * len(side) // total, replace=False))

    def _sides(self) -> list[Sequence[str]]:
        # Both directions between two languages hold the same texts, turned.
        sides = [side for bitext in self.train for side in (bitext.sources, bitext.targets)]
        return list({id(side): side for side in sides}.values())


def load_corpora(recipe: Recipe, data: Path, cache: Path) -> Corpora:
    """Reads all corpora of a recipe below the data folder; training pairs that overlap with dev or test are dropped.

    The others are stored below the cache folder, and found there the next time unless files or filter have changed.
    """
    reports: dict[str, FilterReport] = {}
    train: list[list[Texts]] = []
    dev: list[list[Pair]] = []
    for number, corpus in enumerate(recipe.corpora, start=1):
        name = corpus.name or f"corpus {number}"
        report, texts = _stored(recipe, corpus, data, cache / f"corpus-{number}")
        if not report.kept:
            raise CorpusError(f"No pair of {name} is fit for training. What became of them:\n{report}")
        reports[name] = report
        train.append(texts)
        dev.append(read_set(data, corpus.dev) if corpus.dev else [])
    return Corpora(_train_bitexts(recipe, train), _dev_bitexts(recipe, dev), reports)


def read_set(data: Path, files: tuple[str, ...]) -> list[Pair]:
    """The pairs of one set of a corpus, normalized neither way."""
    return read_pairs(*_paths(data, files))


def _paths(data: Path, files: tuple[str, ...]) -> list[Path]:
    return [data / name for name in files]


def _stored(recipe: Recipe, corpus: CorpusConfig, data: Path, folder: Path) -> tuple[FilterReport, list[Texts]]:
    """What the filter did, and the texts of either side of a corpus that are fit for training, normalized."""
    # What one corpus holds out, no other may train on.
    others = [other for other in recipe.corpora if set(other.languages) == set(corpus.languages)]
    held_out = [pair for other in others for pair in _turn(other, corpus.languages[0], _held_out(other, data))]
    check = PairFilter(recipe.filter, held_out)
    made_of = {
        "format": STORE_FORMAT,
        "filter": asdict(recipe.filter),
        "train": _states(_paths(data, corpus.train)),
        "held_out": [[other.languages, _states(_paths(data, other.dev + other.test))] for other in others],
    }

    def chunks() -> Iterator[dict[str, Rows]]:
        pairs = tqdm(stream_pairs(*_paths(data, corpus.train)), "reading", unit=" pairs", disable=None, leave=False)
        for chunk in check(pairs):
            yield {side: text_rows(pair[number] for pair in chunk) for number, side in enumerate(("first", "second"))}

    def report() -> dict[str, Any]:
        return check.report.as_dict()

    store = kept_store(folder, made_of, chunks, report)
    return FilterReport(**store.notes), [Texts(column) for column in store.columns.values()]


def _states(paths: Sequence[Path]) -> list[Any]:
    """What changes when a file does: its path, size and time; a missing one is left to those who read it."""
    states = [(path, path.stat() if path.is_file() else None) for path in paths]
    return [[str(path.absolute()), state and [state.st_size, state.st_mtime_ns]] for path, state in states]


def _held_out(corpus: CorpusConfig, data: Path) -> list[Pair]:
    """The pairs that nothing may be trained on."""
    return [pair for files in (corpus.dev, corpus.test) if files for pair in read_set(data, files)]


def _turn(corpus: CorpusConfig, source_language: str, pairs: list[Pair]) -> list[Pair]:
    """The pairs with the source language first."""
    return pairs if corpus.languages[0] == source_language else [(target, source) for source, target in pairs]


def _train_bitexts(recipe: Recipe, texts: Sequence[Sequence[Texts]]) -> list[Bitext]:
    """Of every direction one bitext for each corpus of its languages."""
    bitexts = []
    for source, target in recipe.pairs:
        for corpus, sides in zip(recipe.corpora, texts, strict=True):
            if corpus.trains(source, target):
                one, other = sides if corpus.languages[0] == source else sides[::-1]
                bitexts.append(Bitext(source, target, one, other, corpus.weight, corpus.tag))
    return bitexts


def _dev_bitexts(recipe: Recipe, pairs: Sequence[list[Pair]]) -> list[Bitext]:
    """Sources are normalized as for serving; targets stay what they are, for scoring."""
    bitexts = []
    for source, target in recipe.pairs:
        chosen = [
            pair
            for corpus, held_out in zip(recipe.corpora, pairs, strict=True)
            if set(corpus.languages) == {source, target}
            for pair in _turn(corpus, source, held_out)
        ]
        bitexts.append(Bitext(source, target, [normalize(one) for one, _ in chosen], [other for _, other in chosen]))
    return bitexts


def _pick(texts: Sequence[str], numbers: np.ndarray) -> Iterator[str]:
    """Some of the texts, in their order."""
    numbers.sort()
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        chosen = numbers[start : start + ROWS_AT_ONCE]
        yield from texts.pick(chosen) if isinstance(texts, Texts) else (texts[number] for number in chosen)
