from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt import UnsupportedLanguage
from service.models import Models
from tests.stub_bundles import StubScheduler, stub


def serving(**directions):
    """Models by name, with their directions."""
    models = Models(StubScheduler)
    for name, pairs in directions.items():
        models.put(stub(name, pairs))
    return models


def way(models, source, target):
    """The names of the models on the way, with the languages in between."""
    legs = models.legs(source, target)
    assert (legs[0].source, legs[-1].target) == (source, target)
    return " ".join(f"{leg.model.translator.name}:{leg.target}" for leg in legs)


def test_what_a_model_translates_goes_straight_through_it():
    models = serving(a="en-de de-en", b="en-fr")
    assert way(models, "en", "fr") == "b:fr"
    assert models.directions[:3] == (("en", "de"), ("de", "en"), ("en", "fr"))


def test_what_no_model_translates_goes_by_way_of_a_third_language():
    models = serving(a="en-de de-en", b="en-fr")
    assert way(models, "de", "fr") == "a:en b:fr"
    assert models.directions[3:] == (("de", "fr"),)


def test_one_model_may_be_both_halves_of_a_way():
    assert way(serving(a="de-en en-fr"), "de", "fr") == "a:en a:fr"


def test_a_way_leads_by_english_if_it_can_and_else_by_the_first_language():
    models = serving(a="de-ar ar-fr de-en en-fr de-es es-fr es-it ru-it de-ru")
    assert way(models, "de", "fr") == "a:en a:fr"
    assert way(models, "de", "it") == "a:es a:it"


def test_a_direction_of_two_models_is_served_by_the_first_name():
    models = serving(b="en-de de-en", a="en-de")
    assert (way(models, "en", "de"), way(models, "de", "en")) == ("a:de", "b:en")
    first, second = models
    assert (models.serves(first), models.serves(second)) == ([("en", "de")], [("de", "en")])


def test_no_way_at_all_is_refused_with_those_there_are():
    with pytest.raises(UnsupportedLanguage, match=r"from 'de' to 'it'; there is en-de, de-fr, en-fr\."):
        serving(a="en-de de-fr").legs("de", "it")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda pair: pair[0] != pair[1])))
def test_there_is_a_way_exactly_where_at_most_one_language_lies_between(pairs):
    models = Models(StubScheduler)
    if pairs:
        models.put(stub("x", " ".join("-".join(pair) for pair in pairs)))
    joined = {(one, end) for one, middle in pairs for begin, end in pairs if middle == begin and one != end}
    assert set(models.directions) == {*pairs, *joined}
    assert len(models.directions) == len(set(models.directions))
    for pair in models.directions:
        assert (len(models.legs(*pair)) == 1) == (pair in pairs)


def test_languages_are_those_of_all_models():
    assert serving(a="en-de", b="fr-en").languages == ["en", "de", "fr"]


def test_all_models_can_give_as_many_translations_as_the_least():
    models, modest = serving(a="en-de"), stub("b", "en-fr")
    modest.max_n_best = 3
    models.put(modest)
    assert models.max_n_best == 3


def test_a_new_translator_takes_the_place_of_the_one_of_its_name():
    ended, times = [], iter([datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)])
    models = Models(StubScheduler, ended.append, lambda: next(times))
    models.put(stub("a", version="1"))
    old = models.get("a")
    models.put(stub("a", version="2", directions="en-fr"))
    (new,) = models
    assert (new.translator.manifest.version, new.since.year, models.directions) == ("2", 2031, (("en", "fr"),))
    assert (ended, old.scheduler.is_closed, new.scheduler.is_closed) == ([old], True, False)


def test_what_is_under_way_ends_before_the_old_scheduler_closes():
    ended = []
    models = Models(StubScheduler, ended.append)
    models.put(stub("a"))
    old = models.get("a")
    with old.used() as scheduler:
        with old.used():
            models.put(stub("a"))
        assert (scheduler.is_closed, ended) == (False, [])
    assert (scheduler.is_closed, ended) == (True, [old])


def test_a_removed_model_serves_nothing_more():
    models = serving(a="en-de", b="de-fr")
    removed = models.get("a")
    models.remove("a")
    assert (models.directions, models.get("a"), len(models)) == ((("de", "fr"),), None, 1)
    assert removed.scheduler.is_closed


def test_sentences_wait_for_all_models_together():
    models = serving(a="en-de", b="de-fr")
    for model, waiting in zip(models, (2, 3), strict=True):
        model.scheduler.waiting = waiting
    assert models.waiting == 5


def test_closing_closes_every_scheduler():
    models = serving(a="en-de", b="de-fr")
    models.close()
    assert all(model.scheduler.is_closed for model in models)
