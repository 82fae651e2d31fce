"""The loop guard: what is a fault and what is none, and what is made of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines import Hypothesis, SearchOptions
from mt.guard import BEAM, LEAST_RUN, LEAST_TIMES, MOST_GAZE, faults, guarded_search, longest_gaze
from mt.sampling import Sampling
from mt.tokenizer import EOS

TAG, BEAM_5 = 4, SearchOptions(5)
CLEAN = list(range(100, 120))


def source_of(pieces):
    return [TAG, *pieces, EOS]


def hypothesis(ids, is_complete=True, places=None, **more):
    """One whose attention looks most at these places, or goes on from piece to piece."""
    places = range(len(ids)) if places is None else places
    attention = np.full((len(ids), max([*places, 0]) + 2), 0.1, np.float32)
    for row, place in zip(attention, places, strict=True):
        row[place] = 0.9
    return Hypothesis(list(ids), -1.0, is_complete, attention, **more)


def found_in(source, ids, options=BEAM_5, **more):
    return faults(source_of(source), hypothesis(ids, **more), options)


def test_an_ordinary_translation_has_no_faults():
    assert found_in(CLEAN, CLEAN[::-1]) == ()


@pytest.mark.parametrize("period", [1, 2, 5, 9])
def test_what_loops_is_a_repetition(period):
    loop = CLEAN[:period] * max(LEAST_TIMES, LEAST_RUN // period + 2)
    assert found_in(CLEAN, [7, 8, *loop, 9][:40]) == ("repetition",)


def test_phrases_that_come_again_elsewhere_are_a_repetition():
    phrase = CLEAN[:7]
    assert found_in(CLEAN, [*phrase, 1, *phrase, 2, *phrase]) == ("repetition",)


@given(st.lists(st.integers(10, 99), min_size=1, max_size=3, unique=True), st.integers(2, 12))
def test_what_repeats_itself_as_its_source_does_is_no_fault(pieces, times):
    assert found_in(pieces * times, [piece + 100 for piece in pieces] * times) == ()


@given(st.lists(st.integers(10, 99), max_size=40, unique=True))
def test_no_list_of_different_pieces_repeats_itself(pieces):
    assert "repetition" not in found_in(CLEAN, pieces)


def test_a_source_that_repeats_itself_does_not_excuse_that_its_translation_never_ends():
    assert found_in([9] * 12, [8] * 30) == ("repetition",)


def test_two_words_that_come_twice_are_no_repetition():
    assert found_in(CLEAN, [*CLEAN[:6], 5, 5, 6, 6, 5, 6]) == ()


def test_attention_to_one_place_for_long_is_a_fault():
    ids = list(range(20))
    assert found_in(CLEAN, ids, places=[0, *[3] * MOST_GAZE, *range(1, 20 - MOST_GAZE)]) == ()
    assert found_in(CLEAN, ids, places=[0, *[3] * (MOST_GAZE + 1), *range(1, 19 - MOST_GAZE)]) == ("stuck_attention",)


@pytest.mark.parametrize(("places", "steps"), [([], 0), ([1], 1), ([1, 1, 2, 2, 2, 1], 3)])
def test_a_gaze_is_as_long_as_its_steps(places, steps):
    assert longest_gaze(hypothesis(places, places=places).attention) == steps


@pytest.mark.parametrize(("source", "target", "reasons"), [
    (1, 10, ()), (1, 11, ("too_long",)), (20, 48, ()), (20, 49, ("too_long",)),
    (20, 5, ()), (20, 4, ("too_short",)), (20, 0, ("too_short",)), (7, 1, ()), (1, 0, ("too_short",)),
])  # fmt: skip
def test_an_absurd_length_is_a_fault(source, target, reasons):
    assert found_in(range(500, 500 + source), range(target)) == reasons


def test_a_word_said_often_may_be_said_once():
    assert found_in([9] * 40, [8]) == ()


def test_what_the_limit_cut_is_a_fault_unless_it_was_asked_for():
    assert found_in(CLEAN, CLEAN, is_complete=False) == ("length_limit",)
    assert found_in(CLEAN, CLEAN[:2], SearchOptions(5, max_pieces=2), is_complete=False) == ()


def test_what_the_deadline_cut_is_not_judged():
    assert found_in(CLEAN, [7] * 40, is_complete=False, is_late=True) == ()


class Searching:
    """Finds looping or clean translations, as it is told for the first and the second search."""

    def __init__(self, *rounds):
        self.rounds, self.asked = list(rounds), []

    def __call__(self, numbers, options):
        self.asked.append((list(numbers), options))
        found = self.rounds.pop(0)
        return [found[number] for number in numbers]


LOOPING, CLEAN_ONE = hypothesis([7] * 12), hypothesis(CLEAN[:12])
SOURCES = [source_of(CLEAN), source_of(CLEAN[::-1])]


def test_what_has_no_faults_is_searched_once():
    search = Searching([[CLEAN_ONE], [CLEAN_ONE]])
    assert ids_of(guarded_search(search, SOURCES, BEAM_5)) == [[CLEAN_ONE.ids]] * 2
    assert search.asked == [([0, 1], BEAM_5)]


def ids_of(found):
    return [[one.ids for one in hypotheses] for hypotheses in found]


def test_what_has_faults_is_searched_again_and_the_better_one_stands_first():
    search = Searching([[CLEAN_ONE], [LOOPING]], {1: [CLEAN_ONE]})
    first, second = guarded_search(search, SOURCES, SearchOptions(1))
    numbers, options = search.asked[1]
    assert (numbers, options.beam, options.no_repeat, options.coverage_penalty) == ([1], BEAM, 2, 0.2)
    assert [one.avoided for one in first + second] == [(), ("repetition",)]
    assert [(one.ids, one.faults) for one in second] == [(CLEAN_ONE.ids, ())]


def test_a_wider_or_stricter_search_stays_so():
    asked = SearchOptions(8, no_repeat=1, coverage_penalty=0.7)
    search = Searching([[LOOPING]], [[CLEAN_ONE]])
    guarded_search(search, SOURCES[:1], asked)
    assert search.asked[1] == ([0], asked)


def test_where_both_searches_fail_the_one_with_fewer_faults_is_told_with_its_reason():
    cut = hypothesis([7] * 60, is_complete=False)
    search = Searching([[cut, LOOPING]], [[hypothesis([8] * 60)]])
    ((best, *others),) = guarded_search(search, SOURCES[:1], BEAM_5)
    assert (best.ids, best.faults, best.avoided) == (LOOPING.ids, ("repetition",), ("too_long", "length_limit"))
    assert [len(one.ids) for one in others] == [60, 60]


def test_of_equals_the_second_search_comes_first_and_there_are_no_more_than_asked_for():
    search = Searching([[LOOPING, hypothesis(CLEAN[1:])]], [[hypothesis(CLEAN[2:]), hypothesis(CLEAN[1:])]])
    (found,) = guarded_search(search, SOURCES[:1], SearchOptions(2))
    assert ids_of([found]) == [[CLEAN[2:], CLEAN[1:]]]


def test_the_translation_of_a_source_that_loops_is_bounded_in_length():
    search = Searching([[hypothesis([8] * 60)]], [[hypothesis([8] * 11, is_complete=False)]])
    ((best, *_),) = guarded_search(search, [source_of([9] * 10)], SearchOptions(2))
    assert search.asked[1] == ([0], SearchOptions(BEAM, coverage_penalty=0.2, max_pieces=11))
    assert (len(best.ids), best.faults, best.avoided) == (11, ("length_limit",), ("repetition", "too_long"))


def test_a_bound_leaves_room_for_a_prefix_and_keeps_to_what_was_asked_for():
    for options, least, bound in [(BEAM_5, 20, 20), (SearchOptions(5, max_pieces=9), 1, 9)]:
        search = Searching([[hypothesis([8] * 60)]], [[hypothesis([8] * 9)]], [[hypothesis([8] * 9)]])
        guarded_search(search, [source_of([9] * 10)], options, least_pieces=least)
        assert search.asked[1][1].max_pieces == bound


def test_when_a_bound_does_not_help_nothing_may_come_twice():
    loops = [[hypothesis([8] * 60)]]
    search = Searching(loops, loops, [[hypothesis(CLEAN[:3])]])
    ((best, *_),) = guarded_search(search, [source_of([9, 10] * 4)], BEAM_5)
    assert [options.no_repeat for _, options in search.asked] == [0, 0, 2]
    assert (best.faults, best.avoided) == ((), ("repetition", "too_long"))


def test_a_second_search_that_had_no_time_changes_nothing():
    search = Searching([[LOOPING]], [[Hypothesis.none_in_time(len(SOURCES[0]))]])
    ((best,),) = guarded_search(search, SOURCES[:1], BEAM_5)
    assert (best.ids, best.faults) == (LOOPING.ids, ("repetition",))


@pytest.mark.parametrize(
    ("options", "more"), [(SearchOptions(1, sampling=Sampling()), {}), (BEAM_5, {"may_repeat": False})]
)
def test_what_is_drawn_or_cannot_be_searched_otherwise_is_only_told(options, more):
    ((best,),) = guarded_search(Searching([[LOOPING]]), SOURCES[:1], options, **more)
    assert (best.ids, best.faults) == (LOOPING.ids, ("repetition",))


def test_no_sources_give_nothing():
    assert guarded_search(Searching([]), [], BEAM_5) == []
