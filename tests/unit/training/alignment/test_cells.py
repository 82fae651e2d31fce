"""The prior over the places of links."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.alignment.cells import NULL_PROBABILITY, Cells

SIZES = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=5)
TENSIONS = st.floats(0, 20)


def matrices(sizes, values):
    """The values of each pair's cells as a matrix (target words, source words)."""
    cells = Cells(*np.array(sizes).T)
    starts = cells.first(np.arange(len(sizes)))
    return [values[start : start + m * n].reshape(m, n) for start, (m, n) in zip(starts, sizes, strict=True)]


def slow_prior(height, width, tension):
    """Equations 1 and 2 of Dyer et al. 2013."""
    weights = [
        [np.exp(-tension * abs(i / height - j / width)) for j in range(1, width + 1)] for i in range(1, height + 1)
    ]
    return [[(1 - NULL_PROBABILITY) * one / sum(row) for one in row] for row in weights]


@given(SIZES, TENSIONS)
def test_the_prior_is_that_of_the_paper(sizes, tension):
    prior = Cells(*np.array(sizes).T).prior(tension)
    assert prior[0] == NULL_PROBABILITY
    for found, (height, width) in zip(matrices(sizes, prior), sizes, strict=True):
        np.testing.assert_allclose(found, slow_prior(height, width, tension), rtol=1e-9)


def test_without_tension_all_places_are_equal():
    np.testing.assert_allclose(Cells(np.array([3]), np.array([4])).prior(0.0)[1:], (1 - NULL_PROBABILITY) / 4)


@given(SIZES, TENSIONS, st.floats(0, 20))
def test_the_best_tension_is_the_one_that_links_were_drawn_with(sizes, tension, guess):
    cells = Cells(*np.array([*sizes, (5, 5)]).T)
    assert cells.best_tension(cells.prior(tension), guess) == pytest.approx(tension, abs=1e-3)


@given(SIZES, st.integers(0, 1000), TENSIONS)
def test_no_other_tension_makes_the_expected_links_likelier(sizes, seed, other):
    cells = Cells(*np.array(sizes).T)
    expected = np.random.default_rng(seed).random(len(cells.prior(0.0)))
    best = cells.best_tension(expected, 4.0)
    scores = [expected[1:] @ np.log(cells.prior(tension)[1:]) for tension in (best, other)]
    assert scores[0] >= scores[1] - 1e-6
