"""The benchmark of alignments: gold links as they are read, and the table."""

import gzip

import pytest

from tests import tiny
from tests.bench.alignment import SYMMETRIES, by_attention, symmetrized, table, turned
from tests.bench.gold import read_gold


@pytest.fixture
def gold(tmp_path):
    """Two pairs with three sure links and a possible one."""
    folder = tmp_path / "en-de"
    folder.mkdir()
    texts = {"en": "one two\nthree\n", "de": "eins zwei\ndrei\n", "align": "0-0 1-1 1p0\n0-0\n"}
    for name, text in texts.items():
        (folder / f"dev.{name}.gz").write_bytes(gzip.compress(text.encode()))
    return read_gold(folder)


def test_gold_pairs_are_words_with_sure_and_possible_links(gold):
    assert gold.languages == ("en", "de")
    assert (gold.first, gold.second) == ([["one", "two"], ["three"]], [["eins", "zwei"], ["drei"]])
    assert (gold.sure, gold.possible) == ([{(0, 0), (1, 1)}, {(0, 0)}], [{(1, 0)}, set()])


def test_the_error_rate_counts_the_links_of_all_pairs_together(gold):
    assert gold.error_rate([{(0, 0), (1, 1), (1, 0)}, {(0, 0)}]) == 0
    assert gold.error_rate([{(0, 0), (0, 1)}, set()]) == pytest.approx(1 - 2 / 5)


def test_attention_links_words_that_are_there(gold):
    for one in (gold, turned(gold)):
        found = by_attention(tiny.model(), tiny.tokenizer(), one)
        for links, first, second in zip(found, one.first, one.second, strict=True):
            assert all(source < len(first) and target < len(second) for source, target in links)


def test_the_table_has_a_column_for_each_way_to_join_two_directions(gold):
    sets = symmetrized(gold.sure, gold.sure)
    assert list(sets) == list(SYMMETRIES)
    head, _, row = table(gold, {"gold": sets}).splitlines()
    assert head.startswith("| 2 pairs, AER | en → de | de → en | intersection |")
    assert row == "| gold | 0.000 | 0.000 | 0.000 | 0.000 | 0.000 |"
