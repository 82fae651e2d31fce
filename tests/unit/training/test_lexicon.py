"""The lexicon that is learned of a corpus's pieces."""

import numpy as np

from mt.tokenizer import EOS
from tests import tiny
from training.alignment.block import Pairs
from training.data.dataset import Bitext
from training.data.rows import make_rows
from training.lexicon import learn_lexicon, learn_table

ENGLISH, GERMAN = tiny.number_names("en"), tiny.number_names("de")
THERE = Bitext("en", "de", ENGLISH, GERMAN)


def ids(text):
    return tiny.tokenizer().encode([text])[0]


def source(text, language="de"):
    return [tiny.tokenizer().tag(language), *ids(text), EOS]


def test_a_source_allows_the_pieces_of_what_it_means_and_its_own():
    lexicon = learn_lexicon([THERE], tiny.tokenizer())
    for english, german in list(zip(ENGLISH, GERMAN, strict=True))[20:100]:
        allowed = np.flatnonzero(lexicon.allowed(source(english)))
        assert {EOS, *ids(english)} <= set(allowed)
        assert np.isin(ids(german), allowed).mean() > 0.9


def test_a_language_that_is_a_source_alone_has_a_table_too_and_that_of_both_directions_is_the_same():
    one = learn_lexicon([THERE], tiny.tokenizer())
    both = learn_lexicon([THERE, Bitext("de", "en", GERMAN, ENGLISH)], tiny.tokenizer())
    assert set(one.tables) == set(both.tables) == {"de", "en"}
    for language in ("de", "en"):
        assert np.array_equal(one.tables[language].pieces, both.tables[language].pieces)


def test_a_piece_comes_of_the_one_it_stands_for():
    draw = np.random.default_rng(1)
    sources = [draw.choice(10, 3, replace=False) for _ in range(200)]
    pairs = Pairs(*(make_rows([row + first for row in sources], np.int32) for first in (1, 11)))
    table = learn_table(pairs, 20)
    found = table.probability(range(10), range(10, 20))
    assert found[:, 1:].argmax(axis=0).tolist() == list(range(10))
    assert found[:, 1:].max(axis=0).min() > 0.9


def test_it_learns_from_as_many_pairs_as_it_is_told():
    few = learn_lexicon([Bitext("en", "de", ENGLISH * 20, GERMAN * 20)], tiny.tokenizer(), most_links=1)
    assert len(few.tables["de"].pieces) > 0
    assert np.all(np.diff(few.tables["de"].starts) >= 0)
