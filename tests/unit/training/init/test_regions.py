"""Regions in which the sides of a corpus have slipped."""

import numpy as np
import pytest

from training.init.regions import LINES, Region, find_regions, length_correlation


@pytest.fixture
def lengths():
    """Characters of 1,000 pairs whose sides go together."""
    draw = np.random.default_rng(1)
    source = draw.integers(5, 150, 1_000)
    return source, np.maximum(1, (source * draw.normal(1.2, 0.15, 1_000)).astype(int))


def test_sides_that_go_together_have_no_region(lengths):
    assert find_regions(*lengths) == []
    assert length_correlation(*lengths) > 0.9


@pytest.mark.parametrize("shift", [1, -1, 3])
def test_a_part_that_has_slipped_is_found_with_its_shift(lengths, shift):
    source, target = lengths
    target[200:600] = np.roll(target, shift)[200:600]
    (region,) = find_regions(source, target)
    assert region == Region(201, 600, shift)


def test_a_part_of_other_text_is_found_without_a_shift(lengths):
    source, target = lengths
    target[400:600] = np.random.default_rng(2).permutation(target[400:600])
    (region,) = find_regions(source, target)
    assert region == Region(401, 600, 0)


def test_where_lengths_never_go_together_no_part_stands_out(lengths):
    source, target = lengths
    shuffled = np.random.default_rng(3).permutation(target)
    assert find_regions(source, shuffled) == []
    assert abs(length_correlation(source, shuffled)) < 0.2


def test_equally_long_lines_say_nothing():
    same = np.full(3 * LINES, 20)
    assert find_regions(same, same) == []
    assert length_correlation(same, same) is None


def test_a_corpus_shorter_than_a_block_has_no_region(lengths):
    assert find_regions(lengths[0][: LINES - 1], lengths[1][: LINES - 1]) == []


@pytest.mark.parametrize(
    ("shift", "words"), [(1, "1 line too late"), (-2, "2 lines too early"), (0, "do not go together")]
)
def test_a_region_tells_its_lines_and_what_may_be_wrong(shift, words):
    text = str(Region(1_001, 1_200, shift))
    assert text.startswith("lines 1,001 to 1,200: ")
    assert words in text
