"""Suspicion: what is unlike the rest of its corpus."""

import pytest

from tests import tiny
from training.init.suspicion import learn_profile


@pytest.fixture(scope="module")
def profile():
    """What is usual in number names, English on the source side."""
    pairs = zip(tiny.number_names("en"), tiny.number_names("de"), strict=True)
    return learn_profile([(f"I have {source}.", f"Ich habe {target}.") for source, target in pairs])


@pytest.mark.parametrize(
    ("source", "target", "suspicion"),
    [
        ("I have one hundred and two.", "Ich habe einhundertzwei.", None),
        ("I have 1,000 and 7.", "Ich habe 7 und 1.000.", None),
        ("I have 12.", "Ich habe zwölf.", None),
        ("12!", "Zwölf!", "no letters"),
        ("Пока две.", "Ich habe zwei.", "unexpected script"),
        ("Ich habe einundzwanzig.", "I have twenty-one.", "sides swapped"),
        ("I have twenty-one.", "I have thirty-one and I have two.", "both sides one language"),
        ("Ich habe einundzwanzig.", "Ich habe zweiundzwanzig.", "both sides one language"),
        ("I have one, I have one, I have one, I have one, I have one.", "Ich habe eins.", "unusual length ratio"),
        ("I have 12.", "Ich habe 13.", "different numbers"),
    ],
)
def test_a_pair_is_suspicious_for_the_first_reason_that_holds(profile, source, target, suspicion):
    assert profile.suspicion((source, target)) == suspicion


def test_the_pairs_of_a_clean_corpus_are_not_suspicious(profile):
    pairs = zip(tiny.number_names("en"), tiny.number_names("de"), strict=True)
    assert {profile.suspicion((f"I have {source}.", f"Ich habe {target}.")) for source, target in pairs} == {None}


def test_a_single_pair_is_enough_to_learn_from():
    assert learn_profile([("a", "b")]).suspicion(("a", "b")) is None


def test_digits_of_other_scripts_are_the_same_numbers():
    arabic = "\u0647\u0646\u0627\u0643 \u0661\u0665"  # there are 15
    profile = learn_profile([("There are 15.", arabic)])
    assert profile.suspicion(("There are 15.", arabic)) is None
    assert profile.suspicion(("There are 16.", arabic)) == "different numbers"
