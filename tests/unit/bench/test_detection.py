"""Figures about language detectors, from detectors that are scripted."""

import gzip

import pytest

from tests.bench.detection import FILES, LENGTHS, WEIGHTS, Snippet, accuracy, brier, read, snippets, table

GERMAN, ENGLISH, FRENCH = (Snippet("a", language) for language in ("de", "en", "fr"))


def test_a_snippet_goes_on_with_the_next_sentences_and_none_is_shorter():
    found = snippets(["one", "two", "three"], "en", 6)
    assert found == [Snippet("one tw", "en"), Snippet("two th", "en")]


def test_the_sentences_of_each_language_are_read_from_its_own_file(tmp_path):
    for language, pair in FILES.items():
        (tmp_path / "tatoeba" / pair).mkdir(parents=True, exist_ok=True)
        with gzip.open(tmp_path / "tatoeba" / pair / f"test.{language}.gz", "wt", encoding="utf-8") as file:
            file.write(f"first {language}\nsecond\nthird\n")
    assert read(tmp_path, "test", most=2) == {language: [f"first {language}", "second"] for language in FILES}


def test_accuracy_is_among_the_languages_that_are_asked_for():
    found = [{"de": 0.2, "fr": 0.8}, {"de": 0.3, "en": 0.2}]
    assert accuracy([GERMAN, ENGLISH], found, ["de", "en"]) == 0.5
    assert accuracy([GERMAN, FRENCH], [found[0], found[0]], ["de", "en", "fr"]) == 0.5


def test_a_sure_and_right_detector_has_no_brier_error_and_a_sure_and_wrong_one_the_whole():
    assert brier([GERMAN, FRENCH], [{"de": 1.0}, {"fr": 1.0}], weight=5) == 0
    assert brier([GERMAN, FRENCH], [{"en": 1.0}, {"en": 1.0}], weight=5) == 1


def test_the_weight_moves_confidence_to_the_loaded_languages():
    doubtful = [{"de": 0.1, "fr": 0.9}]
    errors = [brier([GERMAN, FRENCH], doubtful * 2, weight) for weight in (1, 9)]
    assert errors == [pytest.approx((0.9**2 + 0.1**2) / 2), pytest.approx(0.25)]


def test_the_table_has_a_line_for_each_detector_and_each_length():
    figures = {"two": 0.5, "twenty": 0.25, "milliseconds": 0.125, "brier": {str(weight): 0.1 for weight in WEIGHTS}}
    result = {"name": "x", "start_seconds": 1.5, "bytes": 2_000_000, "lengths": {str(n): figures for n in LENGTHS}}
    lines = table([result, result]).splitlines()
    assert lines[2] == "| x | 50.0% | 50.0% | 50.0% | 25.0% | 25.0% | 25.0% | 1.50 s | 2 MB | 0.12 ms |"
    assert len(lines) == 4 + 1 + 2 + len(LENGTHS)
