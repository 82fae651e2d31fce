"""How a translation is wanted: beams, several of them, drawn ones, prefixes and deadlines."""

from dataclasses import replace

import pytest

from mt.engines import MOST_BEAM, SearchOptions
from mt.errors import InvalidOption, InvalidText
from mt.planning import Translation
from mt.sampling import Sampling
from mt.text import normalize
from mt.translator import Translator
from tests import tiny
from tests.repeating import OWN, RepeatingEngine, repeater


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        ({}, OWN),
        ({"n_best": 2}, OWN),
        ({"n_best": 16}, replace(OWN, beam=16)),
        ({"greedy": True}, replace(OWN, beam=1)),
        ({"greedy": True, "n_best": 2}, replace(OWN, beam=1)),
        ({"search": SearchOptions(2, no_repeat=3)}, SearchOptions(2, no_repeat=3)),
        ({"search": SearchOptions(2, no_repeat=3), "n_best": 3}, SearchOptions(3, no_repeat=3)),
        ({"search": SearchOptions(1, sampling=Sampling())}, SearchOptions(1, sampling=Sampling())),
        ({"search": SearchOptions(1, sampling=Sampling()), "greedy": True}, SearchOptions(1)),
    ],
)
def test_the_engine_searches_as_the_call_wants_it(wanted, options):
    translator = repeater()
    translator.translate(["one"], "en", "de", **wanted)
    assert translator._engine.searched == [(1, options)]


def test_a_translator_may_have_another_way_to_search_than_its_bundle():
    translator = repeater(search=SearchOptions(2, no_repeat=3))
    translator.translate(["one"], "en", "de", n_best=5)
    assert translator._engine.searched == [(1, SearchOptions(5, no_repeat=3))]


def test_more_than_one_drawn_translation_is_refused():
    with pytest.raises(InvalidOption, match=r"drawn at a time, so n_best must be 1, got 2\."):
        repeater(search=SearchOptions(1, sampling=Sampling())).translate(["one"], "en", "de", n_best=2)


def test_greedy_search_has_no_alternatives():
    (greedy,) = tiny.translator().translate(["two hundred"], "en", "de", greedy=True)
    assert greedy.alternatives == ()


@pytest.mark.parametrize("n_best", [1, 2, tiny.BEAM, MOST_BEAM])
def test_the_model_gives_at_most_as_many_translations_as_asked_for_all_distinct(n_best):
    for one in tiny.translator().translate(["seventy", "two hundred"], "en", "de", n_best=n_best):
        texts = [one.text, *one.alternatives]
        assert 1 <= len(texts) <= n_best
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("n_best", [0, -1, MOST_BEAM + 1])
def test_more_translations_than_the_largest_beam_or_less_than_one_are_refused(n_best):
    with pytest.raises(InvalidOption, match=rf"n_best must be from 1 to 16, got {n_best}\."):
        repeater().translate(["one"], "en", "de", n_best=n_best)


@pytest.mark.parametrize("prefix", ["seven", "Zwei  hundert", "你好 ", "😀"])
def test_translations_begin_with_the_prefix_whatever_its_characters(prefix):
    (one,) = tiny.translator().translate([" two hundred\n"], "en", "de", prefix=prefix, n_best=3)
    for text in (one.text, *one.alternatives):
        assert text.startswith(f" {normalize(prefix)}")


def test_a_prefix_reaches_the_engine_in_its_pieces():
    translator = repeater()
    translator.translate(["one"], "en", "de", prefix="\ttwenty\u00ad-one ")
    assert translator._engine.prefixes == tiny.tokenizer().encode(["twenty-one"])


@pytest.mark.parametrize("prefix", ["", " ", "\u200b"])
def test_a_prefix_of_nothing_is_none(prefix):
    translator = repeater()
    assert len(translator.translate(["one", "two. three."], "en", "de", prefix=prefix)) == 2
    assert translator._engine.prefixes == []


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (["one", "two"], "2, their sentences: 2, in parts: 2"),
        (["one. two."], "1, their sentences: 2, in parts: 2"),
        (["one " * 200], r"1, their sentences: 1, in parts: \d+"),
        (["\x00"], "1, their sentences: 1, in parts: 0"),
        ([""], "1, their sentences: 0, in parts: 0"),
        ([], "0, their sentences: 0, in parts: 0"),
    ],
)
def test_a_prefix_for_more_or_less_than_one_sentence_is_refused(texts, counts):
    complaint = (
        rf"A prefix goes with one text of one sentence of at most 22 pieces; texts given: {counts}\. Translate one"
    )
    with pytest.raises(InvalidOption, match=complaint):
        repeater().translate(texts, "en", "de", prefix="eins")


def test_a_prefix_longer_than_a_translation_may_be_is_refused():
    with pytest.raises(
        InvalidOption, match=r"The prefix has \d+ pieces, and a translation of this text at most \d+\. Short"
    ):
        tiny.translator().translate(["one"], "en", "de", prefix="neun " * 50)


def test_a_prefix_with_an_unpaired_surrogate_is_refused():
    with pytest.raises(InvalidText, match=r"unpaired surrogate U\+D800"):
        repeater().translate(["one"], "en", "de", prefix="\ud800")


@pytest.mark.parametrize("deadline", [0, -1.5, float("nan")])
def test_a_deadline_that_is_over_before_it_begins_is_refused(deadline):
    with pytest.raises(InvalidOption, match=rf"deadline must be more than 0 seconds from now, got {deadline}\."):
        repeater().translate(["one"], "en", "de", deadline=deadline)


def test_a_deadline_is_one_for_all_searches_of_a_call():
    seconds = iter(range(100, 200))  # the time is asked for when a call comes, and once in every search
    translator = repeater(clock=lambda: next(seconds))
    names = list(tiny.number_names("en")[:70])
    translator.translate(names, "en", "de", deadline=2)
    translator.translate(names, "en", "de")
    assert translator._engine.times == [False, True, True, None, None, None]


@pytest.mark.parametrize(
    ("is_complete", "is_late", "warnings"),
    [(True, False, ()), (False, False, ("length_limit",)), (False, True, ("deadline",))],
)
def test_what_cut_a_translation_is_told(is_complete, is_late, warnings):
    (one,) = repeater(is_complete=is_complete, is_late=is_late).translate(["one. two."], "en", "de", deadline=1)
    assert one.warnings == (*warnings, "copied_source")


def test_a_whole_translation_found_before_the_deadline_is_taken_and_the_deadline_told():
    class Interrupted(RepeatingEngine):
        def _hypotheses(self, ids):
            whole, *others = super()._hypotheses(ids)
            return [whole, *(one._replace(is_complete=False, is_late=True) for one in others)]

    (one,) = Translator(tiny.bundle(), engine=Interrupted()).translate(["one"], "en", "de", deadline=1)
    assert (one.text, one.warnings) == ("one", ("deadline", "copied_source"))


def test_sentences_whose_turn_never_comes_are_left_empty_and_say_so():
    seconds = iter([0.0, *[5.0] * 99])
    translator = Translator(tiny.bundle(), engine=tiny.translator()._engine, clock=lambda: next(seconds))
    assert translator.translate(["one.\ntwo."], "en", "de", deadline=1) == [Translation("\n", 0.0, (), ("deadline",))]
