from pathlib import Path
from types import SimpleNamespace

import pytest

from mt import BundleError
from tests.bench.decode_speed import CONTESTANTS, MEASURES, able_engines, choose_direction, measure_text, parse

BUNDLE = SimpleNamespace(manifest=SimpleNamespace(directions=["en-de", "de-en"], pairs=(("en", "de"), ("de", "en"))))


def refusing(*names):
    """A choice of engines that cannot run some of them."""

    def choose(_, name):
        if name in names:
            raise BundleError(f"The bundle has no {name}.")

    return choose


def test_everything_is_measured_of_everybody_by_default_with_one_thread():
    options = parse([])
    assert list(options.cases) == list(MEASURES)
    assert list(options.contestants) == list(CONTESTANTS)
    assert (options.model, options.threads, options.source) == ("M", 1, None)


def test_a_source_that_is_no_file_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["--source", "/nowhere/at.all"])
    assert "--source must be a file, got /nowhere/at.all" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_rounds_below_one_is_refused_with_the_value(number, capsys):
    with pytest.raises(SystemExit):
        parse([f"--rounds={number}"])
    assert f"must be a whole number from 1 on, got {number}" in capsys.readouterr().err


def test_a_bundle_translates_in_its_first_direction_unless_another_is_asked_for():
    assert choose_direction(BUNDLE, None) == ("en", "de")
    assert choose_direction(BUNDLE, "de-en") == ("de", "en")


def test_a_direction_that_the_bundle_lacks_is_refused_with_those_it_has():
    with pytest.raises(SystemExit, match="must be one of en-de, de-en, got en-fr"):
        choose_direction(BUNDLE, "en-fr")


def test_an_engine_that_cannot_run_the_bundle_is_left_out_with_the_reason():
    able, left_out = able_engines(BUNDLE, refusing("litert"))
    assert able == ["savedmodel"]
    assert left_out == ["  litert is left out. The bundle has no litert."]


def test_a_bundle_that_no_engine_can_run_ends_the_program_with_the_reasons():
    with pytest.raises(SystemExit, match=r"no litert\.\n.*no savedmodel\."):
        able_engines(BUNDLE, refusing("litert", "savedmodel"))


def test_text_is_left_out_without_a_source_and_says_so():
    assert "--source" in measure_text(parse([]), Path()).text
