"""The bitexts of a recipe with the links between their words, which are kept beside the texts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from training.alignment.aligner import Aligner, learn_aligner
from training.alignment.drawing import Sides, drawn, pick
from training.alignment.symmetry import Link
from training.alignment.vocabulary import split, word_ends
from training.data.dataset import Bitext
from training.data.fingerprint import fingerprint
from training.data.links import Links
from training.data.rows import ROWS_AT_ONCE, Rows, join_rows, make_rows
from training.data.store import Column, Texts, kept_store

STORE_FORMAT = 1  # raised whenever other links come of the same texts


class _Corpus(NamedTuple):
    """The texts of two languages, which the bitexts of both directions share."""

    languages: tuple[str, str]
    sides: Sides


def link(bitexts: Sequence[Bitext]) -> list[Bitext]:
    """The bitexts with links, learned for each two languages from all of their texts, or as many as are enough.

    The links of stored texts are stored beside them, and found there the next time.
    """
    corpora = dict(map(_corpus, bitexts))
    links: dict[tuple[int, ...], Links] = {}
    for languages in dict.fromkeys(corpus.languages for corpus in corpora.values()):
        chosen = {key: corpus for key, corpus in corpora.items() if corpus.languages == languages}
        links |= zip(chosen, _links(list(chosen.values())), strict=True)
    return [_with_links(bitext, links[_corpus(bitext)[0]]) for bitext in bitexts]


def _corpus(bitext: Bitext) -> tuple[tuple[int, ...], _Corpus]:
    """A corpus, the language first whose name is, and a key that is the same for both of its directions."""
    languages, sides = (bitext.source_language, bitext.target_language), (bitext.sources, bitext.targets)
    if languages[0] > languages[1]:
        languages, sides = languages[::-1], sides[::-1]
    return tuple(map(id, sides)), _Corpus(languages, sides)


def _with_links(bitext: Bitext, links: Links) -> Bitext:
    if bitext.source_language > bitext.target_language:
        links = Links(links.target_ends, links.source_ends, links.words, is_turned=True)
    return bitext._replace(links=links)


class _Making:
    """Makes the links of corpora of the same two languages; what that needs is learned when it is asked for."""

    def __init__(self, corpora: Sequence[_Corpus]) -> None:
        self._corpora = corpora
        self._aligner: Aligner | None = None

    def chunks(self, corpus: _Corpus) -> Iterator[Mapping[str, Rows]]:
        """Word ends and links of all pairs, some thousands at a time."""
        if self._aligner is None:
            print("Learning which words of the corpora belong together …", flush=True)
            self._aligner = learn_aligner(drawn([corpus.sides for corpus in self._corpora]))
        starts = range(0, len(corpus.sides[0]), ROWS_AT_ONCE)
        for start in tqdm(starts, f"linking words, {ROWS_AT_ONCE:,} at once", disable=None, leave=False):
            first, second = pick(corpus.sides, np.arange(start, min(start + ROWS_AT_ONCE, len(corpus.sides[0]))))
            found = self._aligner.links(list(map(split, first)), list(map(split, second)), _both)
            words = make_rows(([word for pair in one for word in pair] for one in found), np.uint16)
            yield {"first-ends": word_ends(first), "second-ends": word_ends(second), "links": words}


def _both(forward: set[Link], backward: set[Link]) -> set[Link]:
    return forward & backward


def _links(corpora: Sequence[_Corpus]) -> list[Links]:
    """The links of corpora of the same two languages."""
    making = _Making(corpora)
    learned_from = [fingerprint([Bitext(*corpus.languages, *corpus.sides)]) for corpus in corpora]
    return [_kept(corpus, making, learned_from) for corpus in corpora]


def _kept(corpus: _Corpus, making: _Making, learned_from: list[str]) -> Links:
    text = corpus.sides[0]
    if isinstance(text, Texts):
        made_of = {"format": STORE_FORMAT, "languages": corpus.languages, "learned_from": learned_from}
        columns: Mapping[str, Rows | Column]
        columns = kept_store(text.column.folder / "links", made_of, lambda: making.chunks(corpus), dict).columns
    else:
        chunks = list(making.chunks(corpus))
        columns = {name: join_rows([chunk[name] for chunk in chunks]) for name in chunks[0]}
    return Links(columns["first-ends"], columns["second-ends"], columns["links"])
