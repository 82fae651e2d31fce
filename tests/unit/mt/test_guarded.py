"""A translator with the loop guard: what its callers see of it."""

import numpy as np
import pytest

from mt.engines import NO_CONDITIONS, Hypothesis, SearchOptions
from mt.guard import LEAST_RUN
from mt.translator import Translator
from tests import tiny

LOOP = LEAST_RUN + 1  # times that make a loop of one piece; more may be too long as well
GUARDED, FREE = SearchOptions(2), SearchOptions(2, loop_guard=False)


class LoopingEngine:
    """Says the first piece of each source again and again, and only once when repeats are forbidden, if it can."""

    max_source_pieces, best_batch, calls_at_once = 128, 4, 1

    def __init__(self, is_steerable=True, can_help=True):
        self.is_steerable, self._can_help = is_steerable, can_help
        self.searched = []  # how many sources, how, and with which prefixes

    def search(self, sources, options, conditions=NO_CONDITIONS):
        self.searched.append((len(sources), options, list(conditions.prefixes)))
        times = 1 if options.no_repeat and self._can_help else LOOP
        return [[self._hypothesis(source[1:2], times, len(source))] for source in sources]

    def _hypothesis(self, ids, times, width):
        attention = np.eye(width, dtype=np.float32)[np.arange(len(ids) * times) % width]
        return Hypothesis([*ids] * times, -1.0, True, attention)


def translate(engine, text="seventy", search=GUARDED, **options):
    (found,) = Translator(tiny.bundle(), engine=engine).translate([text], "en", "de", search=search, **options)
    return found


def test_what_loops_is_searched_again_and_nothing_is_told_when_that_helped():
    engine = LoopingEngine()
    found = translate(engine)
    assert [options.no_repeat for _, options, _ in engine.searched] == [0, 2]
    assert "repetition" not in found.warnings
    assert len(found.text) < len(translate(LoopingEngine(), search=FREE).text)


def test_what_still_loops_is_told_with_its_reason():
    assert translate(LoopingEngine(can_help=False)).warnings == ("repetition",)
    assert translate(LoopingEngine(is_steerable=False)).warnings == ("repetition",)


def test_without_the_guard_nothing_is_searched_again_or_told():
    engine = LoopingEngine()
    assert translate(engine, search=FREE).warnings == ()
    assert [options for _, options, _ in engine.searched] == [FREE]


def test_only_the_sentences_that_loop_are_searched_again():
    engine = LoopingEngine()
    translate(engine, "seventy. two. thirty.")
    assert [count for count, _, _ in engine.searched] == [3, 3]
    engine = LoopingEngine(is_steerable=False)
    translate(engine, "seventy. two. thirty.")
    assert [count for count, _, _ in engine.searched] == [3]


def test_a_second_search_begins_with_the_same_prefix():
    engine = LoopingEngine()
    translate(engine, prefix="sieb")
    (_, _, first), (_, _, second) = engine.searched
    assert first == second != [[]]


@pytest.mark.parametrize("search", [GUARDED, FREE])
def test_what_a_stream_gives_ends_with_its_faults_if_they_are_looked_for(search):
    stream = tiny.translator().stream("seventy", "en", "de", search=SearchOptions(1, loop_guard=search.loop_guard))
    text = "".join(stream)
    assert stream.translation.text == text
    assert search.loop_guard or not set(stream.translation.warnings) - {"length_limit", "copied_source"}
