"""How pieces are drawn: options in their ranges, and random numbers that are a source's own."""

import numpy as np
import pytest

from mt.errors import InvalidOption
from mt.sampling import Sampling


def numbers(seed, source):
    return Sampling(seed=seed).generator(source).random(5).tolist()


def test_a_source_has_the_same_random_numbers_again_by_its_seed_and_its_ids():
    assert numbers(1, [4, 7, 3]) == numbers(1, np.array([4, 7, 3], np.int32))
    others = [numbers(2, [4, 7, 3]), numbers(1, [7, 4, 3]), numbers(1, [4, 7])]
    assert all(one != numbers(1, [4, 7, 3]) for one in others)


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ({"top_k": 0}, r"top_k must be at least 1, got 0\."),
        ({"temperature": 0.0}, r"temperature must be above 0, got 0\.0\."),
        ({"temperature": -1.0}, r"temperature must be above 0, got -1\.0\."),
        ({"temperature": float("nan")}, r"temperature must be above 0, got nan\."),
        ({"seed": -1}, r"seed must be at least 0, got -1\."),
    ],
)
def test_options_outside_their_range_are_refused(option, complaint):
    with pytest.raises(InvalidOption, match=complaint):
        Sampling(**option)
