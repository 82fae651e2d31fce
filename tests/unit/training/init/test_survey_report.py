"""The report of a survey, as text."""

from itertools import pairwise

import numpy as np
import pytest

from tests import tiny
from training.data.corpus import FilterConfig
from training.init.survey import survey, take_sample
from training.init.survey_report import render


@pytest.fixture
def pairs():
    """Number names in sentences of many lengths."""
    names = zip(tiny.number_names("en"), tiny.number_names("de"), strict=True)
    return [(f"{en}, " * (number % 7) + en, f"{de}, " * (number % 7) + de) for number, (en, de) in enumerate(names)]


def report(pairs, languages=("en", "de")):
    return render(survey(pairs, take_sample(pairs), FilterConfig()), languages)


def test_a_clean_corpus_gives_sizes_and_nothing_to_look_at(pairs):
    text = report(pairs)
    words = sum(len(source.split()) for source, _ in pairs)
    assert text.splitlines()[0].split() == ["300", "pairs", "en", "de"]
    assert text.splitlines()[1].split()[:2] == ["words", f"{words:,}"]
    assert "Latin 100.0 %" in text
    assert text.endswith(f"{'fit for training':<26}{300:>12}")


def test_what_is_left_out_and_what_to_look_at_come_with_line_numbers(pairs):
    pairs[2], pairs[3], pairs[4] = ("", "x"), pairs[1], (pairs[4][0], pairs[0][1])
    pairs[9] = ("There are 12.", "Hier sind 13.")
    text = report(pairs)
    assert "  empty side                         1  line 3\n" in text
    assert "  duplicate                          1  line 4\n" in text
    assert "  different numbers                  1  line 10  (both sides have numbers in digits" in text


def test_more_than_five_lines_are_cut_with_a_sign(pairs):
    assert "line 301, 302, 303, 304, 305 …" in report(pairs + pairs)


def test_languages_that_do_not_go_with_the_letters_are_asked_about(pairs):
    assert "Most letters of the ru side are Latin, but ru is written in Cyrillic." in report(pairs, ("en", "ru"))


def test_files_that_do_not_belong_together_are_asked_about(pairs):
    order = np.random.default_rng(1).permutation(len(pairs))
    mixed = [(source, pairs[place][1]) for (source, _), place in zip(pairs, order, strict=True)]
    assert "The lengths of the two sides hardly go together (correlation " in report(mixed)


def test_a_part_that_has_slipped_is_named(pairs):
    text = report(pairs + [(one[0], other[1] + " x") for one, other in pairwise(pairs)])
    assert "lines 301 to 500: the target seems to be 1 line too early" in text
    assert "Look for a line too many or too few" in text
    assert "% of the pairs are suspicious." in text
