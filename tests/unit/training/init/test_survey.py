"""Surveys: what is counted agrees with what training's filter does, and with plain counting."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mt.text import normalize
from mt.text.scripts import count_words
from tests import tiny
from training.data.corpus import FilterConfig, filter_pairs
from training.init.survey import Finding, survey, take_sample

TEXT = st.one_of(st.text(max_size=5), st.sampled_from(["a", "b", " a", "c d", "x" * 12, "\x00", "y" * 40]))
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12)
CONFIG = FilterConfig(max_characters=30, max_length_ratio=1.5)


def number_pairs(most=300):
    return list(zip(tiny.number_names("en", most), tiny.number_names("de", most), strict=True))


def look(pairs, config=CONFIG):
    return survey(pairs, take_sample(pairs), config)


@given(PAIRS)
def test_a_survey_finds_the_faults_that_the_filter_finds(pairs):
    found = look(pairs)
    kept, report = filter_pairs(pairs, CONFIG)
    assert {reason: finding.count for reason, finding in found.faults.items()} == report.dropped
    assert (found.pairs, found.fit.sum()) == (report.read, report.kept)
    fit = [pair for pair, is_fit in zip(pairs, found.fit, strict=True) if is_fit]
    assert [(normalize(source), normalize(target)) for source, target in fit] == kept


@given(PAIRS, PAIRS)
def test_overlap_with_held_out_pairs_is_what_the_filter_sees(pairs, held_out):
    found = look(pairs)
    kept, _ = filter_pairs(pairs, CONFIG, held_out)
    assert (found.fit & ~found.overlap(held_out)).sum() == len(kept)


@given(PAIRS)
def test_words_and_characters_and_the_alphabet_are_counted_on_each_side(pairs):
    for side, number in zip(look(pairs).sides, (0, 1), strict=True):
        texts = [normalize(pair[number]) for pair in pairs]
        assert side.characters == sum(map(len, texts))
        assert side.alphabet == Counter("".join(texts).replace(" ", ""))
        assert side.quantiles[-1] == max(map(count_words, texts))


def test_a_long_corpus_is_surveyed_in_parts():
    pairs = number_pairs(100) * 41
    found = look(pairs, FilterConfig())
    assert found.faults["duplicate"] == Finding(4_000, (101, 102, 103, 104, 105))
    assert found.fit[:100].all()
    assert not found.fit[100:].any()


def test_findings_name_the_first_lines_counted_from_one():
    pairs = number_pairs()
    pairs[2] = ("", "leer")
    pairs[4] = (pairs[4][1], pairs[4][0])
    pairs[99] = ("ninety 9", "neunzig 8")
    found = look(pairs, FilterConfig())
    assert found.faults["empty side"] == Finding(1, (3,))
    assert found.suspicions["different numbers"] == Finding(1, (100,))
    assert found.suspicious[99]


def test_sources_with_several_targets_and_targets_with_several_sources_are_found_once_each():
    pairs = [("a", "x"), ("b", "y"), ("a", "y"), ("a", "z"), ("a", "x"), ("c", "w")]
    assert look(pairs).variants == (Finding(1, (1,)), Finding(1, (2,)))


def test_pairs_in_a_region_that_has_slipped_are_suspicious():
    draw = np.random.default_rng(1)
    sizes = draw.integers(1, 20, 600)
    pairs = [(f"{number} {'a ' * size}", f"{number} {'b ' * size}") for number, size in enumerate(sizes)]
    targets = [target for _, target in pairs]
    slipped = [(source, target) for (source, _), target in zip(pairs, targets[1:] + targets[:1], strict=True)]
    found = look([*pairs[:300], *slipped[300:]], FilterConfig())
    (region,) = found.regions
    assert (region.first, region.last, region.shift) == (301, 600, -1)
    assert (found.suspicious == found.fit)[300:600].all()


@given(st.integers(0, 100), st.integers(2, 9))
def test_a_sample_is_the_whole_or_at_least_half_its_size_and_even(length, size):
    sample = take_sample([(str(number), "") for number in range(length)], size)
    numbers = [int(source) for source, _ in sample]
    assert len(numbers) == length if length <= size else size / 2 <= len(numbers) <= size
    assert len({two - one for one, two in pairwise(numbers)}) <= 1
