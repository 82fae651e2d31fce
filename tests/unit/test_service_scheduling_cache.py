import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mt import Hypothesis, SearchOptions
from service.scheduling.cache import HypothesisCache, entry_bytes
from service.scheduling.orders import Query

OPTIONS = SearchOptions(beam=2)


def query(number, length=3):
    return Query((number,) * length, OPTIONS)


def found(pieces=4, is_late=False):
    return [
        Hypothesis([1000 + piece for piece in range(pieces)], 0.0, True, np.zeros((pieces, 3), np.float32), is_late)
    ]


SIZE = entry_bytes(query(0), found())


def cache_of(entries, room=3):
    cache = HypothesisCache(room * SIZE)
    for number in range(entries):
        cache.put("v", query(number), found())
    return cache


def test_what_was_put_in_is_found():
    (hypothesis,) = cache_of(1).get("v", query(0))
    assert hypothesis.ids == [1000, 1001, 1002, 1003]


def test_another_version_and_other_options_or_prefixes_have_other_entries():
    cache = cache_of(1)
    assert cache.get("other", query(0)) is None
    assert cache.get("v", Query(query(0).source, SearchOptions(beam=3))) is None
    assert cache.get("v", query(0)._replace(prefix=(1,))) is None


def test_the_least_lately_used_goes_first():
    cache = cache_of(3)
    cache.get("v", query(0))
    cache.put("v", query(3), found())
    assert [cache.get("v", query(number)) is None for number in range(4)] == [False, True, False, False]


def test_a_version_can_be_forgotten():
    cache = cache_of(2)
    cache.put("w", query(0), found())
    cache.forget("v")
    assert (len(cache), cache.bytes, cache.get("v", query(0))) == (1, SIZE, None)
    assert cache.get("w", query(0))


def test_late_hypotheses_are_not_kept():
    cache = HypothesisCache(10**6)
    cache.put("v", query(0), [*found(), *found(is_late=True)])
    assert (len(cache), cache.bytes) == (0, 0)


def test_what_is_larger_than_the_cache_drives_nothing_out():
    cache = cache_of(3)
    cache.put("v", query(9), found(pieces=1_000))
    assert len(cache) == 3


def test_without_bytes_nothing_is_kept():
    assert len(cache_of(3, room=0)) == 0


def test_what_is_put_in_twice_counts_once():
    cache = cache_of(1)
    cache.put("v", query(0), found())
    assert cache.bytes == SIZE


@given(st.integers(0, 5_000), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30), st.booleans())))
def test_the_cache_is_never_above_its_bound_and_counts_what_it_holds(most_bytes, puts):
    cache = HypothesisCache(most_bytes)
    for number, length, is_late in puts:
        cache.put("v", query(number, length), found(length, is_late))
        assert 0 <= cache.bytes <= most_bytes
        assert cache.bytes == sum(entry_bytes(key[1], entry) for key, entry in cache._entries.items())


def arrays():
    return np.zeros((12, 12), np.float32), False, np.zeros(13, np.float32)


def test_entries_take_no_more_memory_than_they_are_counted_for():
    cache = HypothesisCache(10**9)
    tracemalloc.start()
    for number in range(1_000, 1_300):
        source = tuple(range(number, number + 12))
        hypotheses = [Hypothesis(list(range(2_000, 2_012)), number / 7, True, *arrays()) for _ in range(5)]
        cache.put("v", Query(source, SearchOptions(beam=5)), hypotheses)
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * cache.bytes < memory <= cache.bytes
