"""Faults that are made on purpose."""

import random

from hypothesis import given
from hypothesis import strategies as st

from training.faults import make_faulty, shortened

SENTENCE = "Tom, who came late, has not seen the end."
WORDS = st.lists(st.sampled_from(["one", "two", "three", "four,", "5", "six:", "Ärger"]), min_size=4, max_size=12)


@given(WORDS, st.integers(0, 99))
def test_a_third_of_the_words_is_missing_and_the_rest_is_in_order(words, seed):
    left = shortened(" ".join(words), random.Random(seed)).split()
    assert len(left) == len(words) - -(-len(words) // 3)
    rest = iter(word.strip(",:") for word in words)
    assert all(word.strip(",:") in rest for word in left)


@given(st.integers(0, 99))
def test_the_beginning_and_the_sign_at_the_end_do_not_give_it_away(seed):
    left = shortened(SENTENCE, random.Random(seed))
    assert left[0].isupper()
    assert left.endswith(".")
    assert " ." not in left
    assert " ," not in left


def test_an_exchanged_translation_is_that_of_another_pair():
    pairs = [(str(number), f"This is sentence number {number}.") for number in range(20)]
    found = make_faulty([*pairs, ("short", "Two words.")])
    assert {one.exchanged for one in found} <= {target for _, target in pairs}
    assert all(one.exchanged != one.target for one in found)
    assert "short" not in {one.source for one in found}
    assert found == make_faulty([*pairs, ("short", "Two words.")])
    assert found != make_faulty(pairs, seed=2)
