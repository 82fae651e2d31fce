"""The benchmark of alignments: gold links as they are read, and the table."""

import gzip

import numpy as np
import pytest

from mt.linking import Side
from tests import tiny
from tests.bench.alignment import (
    SYMMETRIES,
    Forced,
    by_attention,
    by_lexicon,
    crossed,
    force,
    symmetrized,
    table,
    turned,
)
from tests.bench.gold import read_gold, written


@pytest.fixture
def gold(tmp_path):
    """Two pairs with three sure links and a possible one."""
    folder = tmp_path / "en-de"
    folder.mkdir()
    texts = {"en": "one two\nthree\n", "de": "eins zwei\ndrei\n", "align": "0-0 1-1 1p0\n0-0\n"}
    for name, text in texts.items():
        (folder / f"dev.{name}.gz").write_bytes(gzip.compress(text.encode()))
    return read_gold(folder)


def both_ways(gold):
    return [list(force(tiny.model(), tiny.tokenizer(), one)) for one in (gold, turned(gold))]


def test_gold_pairs_are_words_with_sure_and_possible_links(gold):
    assert gold.languages == ("en", "de")
    assert (gold.first, gold.second) == ([["one", "two"], ["three"]], [["eins", "zwei"], ["drei"]])
    assert (gold.sure, gold.possible) == ([{(0, 0), (1, 1)}, {(0, 0)}], [{(1, 0)}, set()])


def test_words_are_put_together_as_they_are_written():
    text, spans = written(["it", "'s", "one", ",", "two", "."])
    assert text == "it's one, two."
    assert [text[start:end] for start, end in spans] == ["it", "'s", "one", ",", "two", "."]
    assert written([]) == ("", [])


def test_the_error_rate_counts_the_links_of_all_pairs_together(gold):
    assert gold.error_rate([{(0, 0), (1, 1), (1, 0)}, {(0, 0)}]) == 0
    assert gold.error_rate([{(0, 0), (0, 1)}, set()]) == pytest.approx(1 - 2 / 5)


def test_the_attention_of_a_forced_target_is_that_of_its_pieces_alone(gold):
    for forced in force(tiny.model(), tiny.tokenizer(), gold):
        assert forced.attention.shape == (len(forced.target.pieces) + 1, len(forced.source.pieces))
        assert [len(side.ids) for side in forced[1:]] == [len(side.pieces) for side in forced[1:]]
        assert forced.attention.sum(axis=1).max() < 1  # the rest lies on tag and EOS


def test_a_shift_takes_the_attention_of_another_step():
    places = [(0, 1), (2, 3), (4, 5)]
    forced = Forced(np.eye(4, 3), *[Side("a b c", places, [0, 0, 0], places)] * 2)
    assert forced.links() == {(0, 0), (1, 1), (2, 2)}
    assert {(0, 1), (1, 2)} <= forced.links(-1)
    assert {(1, 0), (2, 1)} <= forced.links(1)


def test_links_of_both_directions_name_the_first_languages_word_first(gold):
    for sets in by_attention(both_ways(gold)).values():
        for links in sets["union"]:
            assert all(first < 2 and second < 2 for first, second in links)


def test_a_lexicon_links_what_it_knows_in_both_directions(gold):
    found = by_lexicon(both_ways(gold), tiny.lexicon({"two": "zwei"}), tiny.tokenizer(), gold)
    assert list(found) == ["lexicon", "attention and lexicon", "the same, constants of the other half"]
    for sets in found.values():
        assert (1, 1) in sets["intersection"][0]
        assert not sets["union"][0] & {(0, 1), (1, 0)}


def test_each_half_has_the_links_that_are_best_on_the_other(gold):
    ways = [symmetrized(links, links) for links in ([{(0, 0), (1, 1)}, {(0, 1)}], [{(1, 0)}, {(0, 0)}])]
    assert crossed(gold, ways)["there"] == [{(1, 0)}, {(0, 1)}]


def test_the_table_has_a_column_for_each_way_to_join_two_directions(gold):
    sets = symmetrized(gold.sure, gold.sure)
    assert list(sets) == list(SYMMETRIES)
    head, _, row = table(gold, {"gold": sets}).splitlines()
    assert head.startswith("| 2 pairs, AER | en → de | de → en | intersection |")
    assert row == "| gold | 0.000 | 0.000 | 0.000 | 0.000 | 0.000 |"
