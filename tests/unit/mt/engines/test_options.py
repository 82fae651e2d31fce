"""How a search goes: each option in its range."""

import pytest

from mt.engines import SearchOptions
from mt.errors import InvalidOption
from mt.sampling import Sampling


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"beam": 0}, r"beam must be from 1 to 16, got 0\."),
        ({"beam": -3}, r"beam must be from 1 to 16, got -3\."),
        ({"beam": 17}, r"beam must be from 1 to 16, got 17\."),
        ({"beam": 1_000}, r"beam must be from 1 to 16, got 1,000\."),
        ({"length_penalty": -0.1}, r"length_penalty must be at least 0 and finite, got -0\.1\."),
        ({"length_penalty": float("nan")}, r"length_penalty must be at least 0 and finite, got nan\."),
        ({"length_penalty": float("inf")}, r"length_penalty must be at least 0 and finite, got inf\."),
        ({"coverage_penalty": -0.1}, r"coverage_penalty must be from 0 to 1, got -0\.1\."),
        ({"coverage_penalty": 1.5}, r"coverage_penalty must be from 0 to 1, got 1\.5\."),
        ({"coverage_penalty": float("nan")}, r"coverage_penalty must be from 0 to 1, got nan\."),
        ({"max_pieces": 0}, r"max_pieces must be at least 1, got 0\."),
        ({"no_repeat": -1}, r"no_repeat must be at least 0, got -1\."),
        ({"sampling": Sampling()}, r"One translation is drawn at a time, so beam must be 1, got 4\."),
    ],
)
def test_an_option_outside_its_range_is_refused_with_the_value(options, complaint):
    with pytest.raises(InvalidOption, match=complaint):
        SearchOptions(**{"beam": 4, **options})


@pytest.mark.parametrize("options", [{"beam": 1}, {"beam": 16}, {"beam": 1, "sampling": Sampling()}])
def test_the_ends_of_a_range_are_inside(options):
    for penalty in (0.0, 1.0):
        SearchOptions(**options, length_penalty=0.0, coverage_penalty=penalty, max_pieces=1)
