"""Capitals and titles made ordinary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.casing import Style, truecased
from mt.text.tracing import Traced

KNOWN = {"the", "house", "learn", "how", "to", "with", "new", "it's"}
NAMES = {"Tom", "German", "Haus", "NATO", "York", "Berlin"}


def likelihood(word):
    """Words of NAMES are likeliest as they are there, then those of KNOWN; what is not known is, the shorter."""
    return -1.0 if word in NAMES else -2.0 if word in KNOWN else -10.0 - len(word)


def ordinary(text):
    style, edits = truecased(text, likelihood)
    return style, Traced.original(text).edited(edits).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("THE HOUSE", "The house"),
        ("THE NEW HOUSE, TOM!", "The new house, Tom!"),
        ("IT'S TOM", "It's Tom"),
        ("DAS HAUS", "Das Haus"),
        ("NATO TO BERLIN", "NATO to Berlin"),
        ("5 HOUSE", "5 House"),
    ],
)
def test_words_in_capitals_get_their_likeliest_form(text, expected):
    assert ordinary(text) == (Style.CAPITALS, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How To Learn German", "How to learn German"),
        ("The House with The New Tom", "The house with the new Tom"),
        ("How To Learn German?", "How to learn German?"),
    ],
)
def test_words_of_a_title_get_their_likeliest_form(text, expected):
    assert ordinary(text) == (Style.TITLE, expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "I",
        "NATO",
        "The house",
        "The House of Tom.",
        "Tom Berlin York",
        "New York",
        "how To Learn German",
        "The House is new",
        "The VERY new house",
        "你好",
    ],
)
def test_other_text_stays_as_it_is(text):
    assert ordinary(text) == (Style.ORDINARY, text)


@given(st.text())
def test_only_case_changes(text):
    assert ordinary(text)[1].casefold() == text.casefold() or not text.isascii()
