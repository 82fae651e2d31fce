"""The corpora of a recipe, read and filtered, as the bitexts of its directions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mt.errors import CorpusError
from mt.text import normalize
from training.corpus import FilterReport, Pair, filter_pairs, read_pairs
from training.dataset import Bitext
from training.recipe import CorpusConfig, Recipe


class Corpora(NamedTuple):
    """The training and dev bitexts of every direction, and what the filters did."""

    train: list[Bitext]
    dev: list[Bitext]
    reports: dict[str, FilterReport]  # by corpus name

    def as_dict(self) -> dict[str, Any]:
        """The filter reports for JSON."""
        return {name: report.as_dict() for name, report in self.reports.items()}

    def texts(self) -> Iterator[str]:
        """Each training sentence of either side once, whatever the number of directions."""
        seen = set()
        for bitext in self.train:
            # Both directions between two languages hold the same pairs, turned.
            languages = frozenset((bitext.source_language, bitext.target_language))
            if languages not in seen:
                seen.add(languages)
                yield from bitext.sources
                yield from bitext.targets


def load_corpora(recipe: Recipe, data: Path) -> Corpora:
    """Reads all corpora of a recipe below the data folder; training pairs that overlap with dev or test are dropped."""
    train: dict[str, list[Pair]] = {}
    dev: dict[str, list[Pair]] = {}
    reports = {}
    held_out = {corpus: _held_out(corpus, data) for corpus in recipe.corpora}
    for number, corpus in enumerate(recipe.corpora, start=1):
        dev_pairs = read_set(data, corpus.dev)
        # What one corpus holds out, no other may train on.
        same_languages = [other for other in recipe.corpora if set(other.languages) == set(corpus.languages)]
        out = [pair for other in same_languages for pair in _turn(other, corpus.languages[0], held_out[other])]
        kept, report = filter_pairs(read_set(data, corpus.train), recipe.filter, out)
        name = corpus.name or f"corpus {number}"
        reports[name] = report
        if not kept:
            raise CorpusError(f"No pair of {name} is fit for training. What became of them:\n{report}")
        for direction, (source, target) in zip(recipe.directions, recipe.pairs, strict=True):
            if {source, target} == set(corpus.languages):
                train.setdefault(direction, []).extend(_turn(corpus, source, kept))
                dev.setdefault(direction, []).extend(_turn(corpus, source, dev_pairs))
    return Corpora(_bitexts(recipe, train), _bitexts(recipe, dev), reports)


def read_set(data: Path, files: tuple[str, ...]) -> list[Pair]:
    """The pairs of one set of a corpus, normalized neither way."""
    return read_pairs(data / files[0], data / files[1] if len(files) == 2 else None)


def _held_out(corpus: CorpusConfig, data: Path) -> list[Pair]:
    """The pairs that nothing may be trained on."""
    return read_set(data, corpus.dev) + (read_set(data, corpus.test) if corpus.test else [])


def _turn(corpus: CorpusConfig, source_language: str, pairs: list[Pair]) -> list[Pair]:
    """The pairs with the source language first."""
    return pairs if corpus.languages[0] == source_language else [(target, source) for source, target in pairs]


def _bitexts(recipe: Recipe, pairs: dict[str, list[Pair]]) -> list[Bitext]:
    """Sources are normalized as for serving; targets stay what they are, for scoring."""
    return [
        Bitext(source, target, [normalize(pair[0]) for pair in pairs[name]], [pair[1] for pair in pairs[name]])
        for name, (source, target) in zip(recipe.directions, recipe.pairs, strict=True)
    ]
