"""The links of bitexts: of both directions, of several corpora, kept beside their texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mt.text.words import words
from tests import tiny
from training.alignment.aligner import learn_aligner
from training.alignment.linking import link
from training.alignment.vocabulary import UNKNOWN, Vocabulary, spans, split
from training.data.dataset import Bitext
from training.data.rows import text_rows
from training.data.store import Texts, kept_store

LETTERS = "abcdefghijklmnop"
COUNT = 200


def letters(seed=1, count=COUNT):
    """Sentences of letters, and the same in capitals and turned round."""
    draw = np.random.default_rng(seed)
    lists = [draw.permutation(list(LETTERS))[: draw.integers(2, 6)].tolist() for _ in range(count)]
    return [" ".join(one) for one in lists], [" ".join(f"x{letter}" for letter in reversed(one)) for one in lists]


def links_of(bitext):
    """The links of each pair, the source's word first."""
    _, _, found = bitext.links.take(np.arange(len(bitext.sources)))
    return [set(map(tuple, found.row(number).reshape(-1, 2).tolist())) for number in range(found.rows)]


def turned(pairs):
    """What belongs together in sentences whose translation is turned round."""
    return [{(place, len(one.split()) - 1 - place) for place in range(len(one.split()))} for one in pairs]


def stored(folder, sides):
    """The sides of a corpus as texts on disk."""
    rows = {"first": text_rows(sides[0]), "second": text_rows(sides[1])}
    return [Texts(column) for column in kept_store(folder, 0, lambda: [rows], dict).columns.values()]


def test_the_words_of_each_pair_are_linked_in_both_directions():
    sources, targets = letters()
    there, back = link([Bitext("en", "de", sources, targets), Bitext("de", "en", targets, sources)])
    assert links_of(there) == links_of(back) == turned(sources)
    assert there.links.words is back.links.words


def test_word_ends_are_those_of_the_words():
    names = [tiny.number_names(language, 50) for language in ("de", "en")]
    (bitext,) = link([Bitext("de", "en", *names)])
    ends, _, _ = bitext.links.take(np.arange(50))
    assert [ends.row(number).tolist() for number in range(50)] == [[end for _, end in words(one)] for one in names[0]]


def test_corpora_of_two_languages_are_learned_from_together_and_others_apart():
    large, small, other = letters(), letters(2, 3), (["a b", "b c", "c a"], ["x y", "y z", "z x"])
    found = link([Bitext("en", "de", *large), Bitext("en", "de", *small), Bitext("en", "fr", *other)])
    assert links_of(found[1]) == turned(small[0])
    assert links_of(found[2]) == [{(0, 0), (1, 1)}] * 3


def test_the_links_of_stored_texts_are_stored_once_and_made_anew_when_a_corpus_changes(tmp_path):
    sides, other = stored(tmp_path / "corpus", letters()), letters(2, 3)
    in_memory = link([Bitext("en", "de", *letters())])
    (bitext,) = link([Bitext("en", "de", *sides)])
    assert links_of(bitext) == links_of(in_memory[0])
    path = bitext.links.words.values_path
    assert path.parent == tmp_path / "corpus" / "links"
    made = path.stat().st_mtime_ns
    assert link([Bitext("de", "en", *sides[::-1])])[0].links.words.values_path.stat().st_mtime_ns == made
    link([Bitext("en", "de", *sides), Bitext("en", "de", *other)])
    assert path.stat().st_mtime_ns != made


def test_pairs_with_an_empty_side_have_no_links():
    sources, targets = letters()
    (bitext,) = link([Bitext("en", "de", [*sources, "", "a"], [*targets, "xa", ""])])
    assert links_of(bitext)[-2:] == [set(), set()]


def test_a_corpus_without_any_words_to_link_has_no_links():
    (bitext,) = link([Bitext("en", "de", ["", "a"], ["b", ""])])
    assert links_of(bitext) == [set(), set()]


def test_enough_pairs_are_enough_to_learn_from():
    sources, targets = letters()
    chunks = [([source], [target]) for source, target in zip(sources, targets, strict=True)]
    taken = []
    learn_aligner((taken.append(chunk) or chunk for chunk in chunks), most_links=100)
    assert 100 / 42 <= len(taken) < 40


def test_a_word_that_was_not_learned_is_unknown():
    vocabulary = Vocabulary()
    assert vocabulary.learn([["A", "b", "a"]]).values.tolist() == [2, 3, 2]
    assert vocabulary.ids([["B", "c"], []]).values.tolist() == [3, UNKNOWN]
    assert len(vocabulary) == 4


@given(st.text())
def test_words_are_found_as_everywhere_else(text):
    assert spans(text) == words(text)
    assert split(text) == [text[start:end] for start, end in words(text)]
