"""Hashes of texts, and the set of those that were seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.data.hashes import HashSet, hash_texts

NUMBERS = st.lists(st.integers(0, 30) | st.integers(2**64 - 5, 2**64 - 1), max_size=20)


@given(st.lists(NUMBERS, max_size=12))
def test_a_hash_is_new_where_a_python_set_finds_it_new(additions):
    found, twin = HashSet(), set()
    for numbers in additions:
        expected = []
        for number in numbers:
            expected.append(number not in twin)
            twin.add(number)
        assert found.add(np.array(numbers, np.uint64)).tolist() == expected
        assert len(found) == len(twin)


def test_many_additions_leave_few_arrays():
    found, draw = HashSet(), np.random.default_rng(1)
    for _ in range(200):
        found.add(draw.integers(0, 2**63, 50).astype(np.uint64))
    assert len(found) == 10_000
    assert len(found._arrays) < 12


def test_a_text_has_one_hash_in_every_process_and_other_texts_have_others():
    hashes = hash_texts(["a", "b", "ä", "", "a"])
    assert hashes[0] == hashes[4] == 0x2F42665B399EF840  # blake2b of "a", 8 bytes, the lowest first
    assert len(set(hashes.tolist())) == 4
