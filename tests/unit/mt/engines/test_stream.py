"""A translation that grows piece by piece is what a search for it finds, however it is interrupted."""

import copy
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines import Conditions, SearchOptions
from mt.engines.steered import steered_search
from mt.engines.stream import PieceStream, SteppingEngine
from mt.errors import InvalidOption
from mt.sampling import Sampling
from mt.tokenizer import EOS
from tests.scripted import Script, ScriptDecoder, random_script

VOCABULARY, SOURCE = 7, [0, 9, 9]
LETTERS = st.integers(EOS + 1, VOCABULARY - 1)
PREFIXES = st.lists(LETTERS, max_size=4)
OPTIONS = st.builds(
    SearchOptions,
    beam=st.just(1),
    max_pieces=st.integers(4, 12),
    no_repeat=st.integers(0, 3),
    sampling=st.none() | st.builds(Sampling, top_k=st.integers(1, 5), seed=st.integers(0, 9)),
)


class ScriptEngine:
    """Decodes the one source that there is by a script."""

    def __init__(self, script):
        self.script = script
        self.awakened = 0

    def begin(self, _):
        return ScriptDecoder(Script(self.script.log_probabilities[:1], self.script.following), len(SOURCE))

    def awake(self, _):
        self.awakened += 1
        return nullcontext()


def engine_by_chance(seed):
    """Every letter may follow every other one, so that any prefix may be asked for."""
    script = random_script(1, VOCABULARY, seed)
    script.log_probabilities[:, :, EOS + 1 :] = np.maximum(script.log_probabilities[:, :, EOS + 1 :], -9)
    return ScriptEngine(script)


def streamed(engine, options, prefix=(), is_over=lambda: False):
    stream, ids = PieceStream(engine, SOURCE, options, prefix), []
    while not stream.has_ended:
        ids += stream.step(engine, is_over)
    return stream.hypothesis(ids)


def searched(engine, options, prefix=(), is_over=None):
    ((found,),) = steered_search(lambda some, _: engine.begin(some), [SOURCE], options, Conditions([prefix], is_over))
    return found


def after(questions):
    """A clock whose time is up when it was asked so often."""
    answers = iter([False] * questions)
    return lambda: next(answers, True)


def facts(hypothesis):
    return hypothesis.ids, hypothesis.score, hypothesis.is_complete, hypothesis.is_late


@given(st.integers(0, 10_000), OPTIONS, PREFIXES)
def test_a_stream_finds_what_a_search_finds(seed, options, prefix):
    engine = engine_by_chance(seed)
    assert facts(streamed(engine, options, prefix)) == facts(searched(engine, options, prefix))


@given(st.integers(0, 10_000), PREFIXES, st.integers(1, 6))
def test_a_stream_ends_when_a_search_would(seed, prefix, steps):
    engine, options = engine_by_chance(seed), SearchOptions(1, max_pieces=8)

    found = streamed(engine, options, prefix, after(steps))
    assert facts(found) == facts(searched(engine, options, prefix, after(steps + 1)))  # it asks before it begins


@given(st.integers(0, 10_000), OPTIONS, PREFIXES, st.integers(0, 6))
def test_a_stream_that_was_copied_goes_on_as_the_original_does(seed, options, prefix, steps):
    engine = engine_by_chance(seed)
    stream = PieceStream(engine, SOURCE, options, prefix)
    for _ in range(steps):
        if not stream.has_ended:
            stream.step(engine)
    other, found = copy.deepcopy(stream), []
    for one in (stream, other):
        found.append([])
        while not one.has_ended:
            found[-1] += one.step(engine)
    assert found[0] == found[1]
    assert facts(stream.hypothesis([])) == facts(other.hypothesis([]))


def test_every_piece_is_one_step_of_the_engine():
    engine = engine_by_chance(seed=3)
    found = streamed(engine, SearchOptions(1))
    assert engine.awakened == len(found.ids) + found.is_complete


def test_the_prefix_comes_out_whole_however_late_it_is():
    found = streamed(engine_by_chance(seed=1), SearchOptions(1), [4, 5, 6], lambda: True)
    assert (found.ids, found.is_late) == ([4, 5, 6], True)


def test_a_prefix_longer_than_a_translation_may_be_is_refused():
    with pytest.raises(InvalidOption, match=r"The prefix has 3 pieces, and a translation of this text at most 2\."):
        PieceStream(engine_by_chance(seed=1), SOURCE, SearchOptions(1, max_pieces=2), [4] * 3)


def test_an_engine_that_cannot_be_stepped_is_known_as_such():
    assert isinstance(ScriptEngine(None), SteppingEngine)
    assert not isinstance(object(), SteppingEngine)
