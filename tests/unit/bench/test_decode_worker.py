from itertools import count

import pytest

from tests.bench.decode_cases import PIECES, SEARCHES, DecodeSpec, make_sources, write_spec
from tests.bench.decode_worker import Contestant, Job, answer, search_jobs, timed
from tests.bench.padded import EOS


def seconds_of(job, budget):
    """What is timed of a job when each look at the clock takes a second."""
    return list(timed(job, budget, clock=count().__next__))


def test_a_job_is_repeated_until_its_time_is_over():
    seen = []
    assert seconds_of(Job(seen.append), budget=4) == [1, 1]
    assert seen == [0, 1]


def test_a_job_longer_than_its_time_is_done_once():
    assert seconds_of(Job(lambda _: None), budget=0) == [1]


def test_a_job_of_a_fixed_number_of_repetitions_does_not_look_at_its_time():
    assert len(seconds_of(Job(lambda _: None, repetitions=5), budget=0)) == 5


def test_an_answer_has_the_seconds_of_the_job_that_was_asked_for():
    seen = []
    contestant = Contestant({"other": Job(seen.append), "this": Job(seen.append, repetitions=2)}, {})
    answered = answer(contestant, {"job": "this", "budget": 0})
    assert seen == [0, 1]
    assert len(answered["seconds"]) == 2


def test_sources_are_as_long_as_said_and_the_same_for_everybody():
    sources = make_sources(vocabulary=50)
    assert sources == make_sources(vocabulary=50)
    for source in sources:
        assert len(source) == PIECES
        assert source[-1] == EOS
        assert all(EOS < piece < 50 for piece in source[:-1])


def test_searches_of_one_sentence_take_one_after_the_other_and_begin_again():
    seen = []

    def search(sources, beam):
        seen.append((sources, beam))
        return [PIECES] * len(sources)

    jobs = search_jobs(search, [[1], [2]])
    assert list(jobs) == list(SEARCHES)
    for number in range(3):
        jobs["one, beam 5"].run(number)
    assert seen == [([[1]], 5), ([[2]], 5), ([[1]], 5)]


def test_a_search_that_ends_early_is_not_timed():
    jobs = search_jobs(lambda sources, beam: [PIECES - 1], [[1]])
    with pytest.raises(AssertionError, match=r"\[19\]"):
        jobs["one, greedy"].run(0)


def test_a_spec_is_written_where_it_is_read(tmp_path):
    spec = DecodeSpec("litert-int8", "M", str(tmp_path), threads=1)
    path = write_spec(spec, tmp_path / "spec.json")
    assert DecodeSpec.read(path) == spec
